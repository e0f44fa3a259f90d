import { DOMAIN, type TargetRule } from '../target-rule.ts';

export const rule: TargetRule = {
  id: 'lun-unfit',
  category: 'Critical',
  label: 'LUN on the wrong bus or volume',
  about: 'KubeVirt accepts a LUN on SATA or on a Filesystem claim; neither takes SCSI commands.',
  subject: 'VirtualMachine/spec.template.spec.domain.devices.disks[].lun',
  remedy: 'Use the SCSI bus and a Block claim.',
  check({ machine, claims }) {
    const { domain, volumes = [] } = machine.spec.template.spec;
    return (domain.devices?.disks ?? []).flatMap(({ name, lun }, position) => {
      if (lun === undefined) return [];
      const claimName = volumes.find((volume) => volume.name === name)?.persistentVolumeClaim?.claimName;
      const mode = claims.find(({ metadata }) => metadata.name === claimName)?.spec.volumeMode;
      const wrong =
        lun.bus !== undefined && lun.bus !== 'scsi'
          ? `is on ${lun.bus}`
          : mode === 'Filesystem'
            ? 'is a file on a file system'
            : undefined;
      return wrong === undefined
        ? []
        : [
            {
              subject: `${DOMAIN}.devices.disks[${position}].lun`,
              assessment: `${name} ${wrong}. A LUN needs the SCSI bus and a Block claim.`,
            },
          ];
    });
  },
};
