/**
 * What volumes a provisioner makes, best for VMs first: used where the cluster has no StorageProfile for the class (CDI is missing, or
 * does not know it). The rows agree with the capabilities that CDI 1.66 knows; a class whose parameters decide (NFS under a driver
 * that also makes block volumes) is given what the driver does by default. Drivers whose volumes depend on a backend that the class
 * only names (NetApp Trident, Infinidat) are left out: a guess would be wrong half of the time.
 */
import type { AccessMode, VolumeMode } from '../../src/model/manifest.ts';

export interface ClaimProperties {
  readonly accessMode: AccessMode;
  readonly volumeMode: VolumeMode;
}

export interface ProvisionerRow {
  readonly offers: readonly [ClaimProperties, ...ClaimProperties[]];
  /** In words, for the Decision. */
  readonly because: string;
}

const RWX_BLOCK: ClaimProperties = { accessMode: 'ReadWriteMany', volumeMode: 'Block' };
const RWO_BLOCK: ClaimProperties = { accessMode: 'ReadWriteOnce', volumeMode: 'Block' };
const RWX_FILE: ClaimProperties = { accessMode: 'ReadWriteMany', volumeMode: 'Filesystem' };
const RWO_FILE: ClaimProperties = { accessMode: 'ReadWriteOnce', volumeMode: 'Filesystem' };

function array(product: string): ProvisionerRow {
  return {
    offers: [RWX_BLOCK, RWO_BLOCK, RWO_FILE],
    because: `${product} serves a block volume to several nodes, which live migration needs.`,
  };
}

function cloudDisk(product: string): ProvisionerRow {
  return { offers: [RWO_BLOCK, RWO_FILE], because: `${product} is attached to one node at a time, as a raw device at its best.` };
}

function fileShare(product: string): ProvisionerRow {
  return { offers: [RWX_FILE, RWO_FILE], because: `${product} is a file system that many nodes mount at once.` };
}

function localFiles(product: string): ProvisionerRow {
  return { offers: [RWO_FILE], because: `${product} is a folder of one node.` };
}

const CEPH_BLOCK = array('Ceph RBD');
const CEPH_FILES = fileShare('CephFS');
const PORTWORX: ProvisionerRow = {
  offers: [RWX_BLOCK, RWX_FILE, RWO_BLOCK, RWO_FILE],
  because: 'Portworx serves block volumes and file systems to several nodes.',
};
const TOPOLVM = cloudDisk('A logical volume of TopoLVM');
const HOSTPATH = localFiles('A volume of the hostpath provisioner');

/** By `provisioner` of the StorageClass. */
export const PROVISIONERS: ReadonlyMap<string, ProvisionerRow> = new Map([
  ['rbd.csi.ceph.com', CEPH_BLOCK],
  ['rook-ceph.rbd.csi.ceph.com', CEPH_BLOCK],
  ['openshift-storage.rbd.csi.ceph.com', CEPH_BLOCK],
  ['cephfs.csi.ceph.com', CEPH_FILES],
  ['rook-ceph.cephfs.csi.ceph.com', CEPH_FILES],
  ['openshift-storage.cephfs.csi.ceph.com', CEPH_FILES],
  ['linstor.csi.linbit.com', array('LINSTOR')],
  ['csi-unity.dellemc.com', array('Dell Unity')],
  ['csi-vxflexos.dellemc.com', array('Dell PowerFlex')],
  ['csi-powermax.dellemc.com', array('Dell PowerMax')],
  ['csi-powerstore.dellemc.com', array('Dell PowerStore')],
  ['csi-isilon.dellemc.com', fileShare('Dell PowerScale')],
  ['csi.huawei.com', array('Huawei storage')],
  ['csi.hpe.com', array('HPE storage')],
  ['hspc.csi.hitachi.com', array('Hitachi storage')],
  ['block.csi.ibm.com', array('IBM block storage')],
  ['spectrumscale.csi.ibm.com', fileShare('IBM Storage Scale')],
  ['blockvolume.csi.oraclecloud.com', array('An Oracle Cloud block volume')],
  ['kubesan.gitlab.io', array('KubeSAN')],
  ['pxd.portworx.com', PORTWORX],
  ['kubernetes.io/portworx-volume', PORTWORX],
  ['ebs.csi.aws.com', cloudDisk('An EBS volume')],
  ['efs.csi.aws.com', fileShare('EFS')],
  ['disk.csi.azure.com', cloudDisk('An Azure disk')],
  ['file.csi.azure.com', fileShare('Azure Files')],
  ['pd.csi.storage.gke.io', cloudDisk('A Google persistent disk')],
  ['csi.vsphere.vmware.com', cloudDisk('A volume of the vSphere CSI driver')],
  ['cinder.csi.openstack.org', cloudDisk('A Cinder volume')],
  ['manila.csi.openstack.org', fileShare('Manila')],
  ['csi.ovirt.org', cloudDisk('An oVirt disk')],
  [
    'driver.longhorn.io',
    {
      offers: [RWO_BLOCK, RWO_FILE],
      because: 'A plain Longhorn volume is attached to one node; state ReadWriteMany in the storage map for a migratable class.',
    },
  ],
  ['topolvm.io', TOPOLVM],
  ['topolvm.cybozu.com', TOPOLVM],
  ['nfs.csi.k8s.io', fileShare('NFS')],
  ['k8s-sigs.io/nfs-subdir-external-provisioner', fileShare('NFS')],
  ['kubevirt.io.hostpath-provisioner', HOSTPATH],
  ['kubevirt.io/hostpath-provisioner', HOSTPATH],
  ['k8s.io/minikube-hostpath', HOSTPATH],
  ['rancher.io/local-path', localFiles('A volume of the local path provisioner')],
]);
