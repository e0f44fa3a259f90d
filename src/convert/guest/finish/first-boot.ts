/**
 * What runs once in a Linux guest when it starts for the first time: scripts in a folder of ours, in their order, started by a unit of systemd
 * or a script of System V init that takes itself away. Boot does not wait for it, and each script runs at most once. Pure.
 */
import type { FileEdit, GuestEdit, GuestPlan } from './edit.ts';

export interface FirstBootScript {
  readonly name: string;
  readonly text: string;
  /** One sentence for the report. */
  readonly what: string;
}

const FOLDER = '/usr/lib/kubeferry';
const RUNNER = `${FOLDER}/first-boot.sh`;
const UNIT = 'kubeferry-first-boot.service';

const RUNNER_TEXT = `#!/bin/sh
# Runs each script of ${FOLDER}/first-boot once, in their order. Written when this machine was migrated.
[ -n "$JOURNAL_STREAM" ] || exec >> /var/log/kubeferry-first-boot.log 2>&1
cd / || exit 0
mkdir -p ${FOLDER}/first-boot-done
for script in ${FOLDER}/first-boot/*; do
  [ -f "$script" ] || continue
  name=\${script##*/}
  # Away before it runs: one that restarts the machine must not run again.
  mv "$script" ${FOLDER}/first-boot-done/ || continue
  echo "kubeferry: $name begins"
  ${FOLDER}/first-boot-done/"$name" < /dev/null
  echo "kubeferry: $name ended with status $?"
done
rm -f /etc/systemd/system/multi-user.target.wants/${UNIT} /etc/rc[2-5].d/S99kubeferry-first-boot /etc/init.d/rc[2-5].d/S99kubeferry-first-boot
`;

const UNIT_TEXT = `[Unit]
Description=Scripts for the first boot after the migration
Wants=network-online.target
After=network-online.target guestfs-firstboot.service
ConditionDirectoryNotEmpty=${FOLDER}/first-boot

[Service]
ExecStart=/bin/sh ${RUNNER}
StandardOutput=journal+console
KillMode=process

[Install]
WantedBy=multi-user.target
`;

const INIT_TEXT = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          kubeferry-first-boot
# Required-Start:    $remote_fs $network
# Required-Stop:
# Default-Start:     2 3 4 5
# Default-Stop:
# Short-Description: Scripts for the first boot after the migration
### END INIT INFO
case "$1" in
  start) /bin/sh ${RUNNER} < /dev/null > /dev/null 2>&1 & ;;
esac
`;

/** What starts services in the guest. */
export interface InitFacts {
  readonly systemd: boolean;
  /** Folder that holds rc3.d and the like where System V init is used: `/etc`, `/etc/init.d` (SUSE). */
  readonly runLevels?: string;
}

export function planFirstBoot(scripts: readonly FirstBootScript[], { systemd, runLevels }: InitFacts): GuestPlan {
  if (scripts.length === 0) return { edits: [], warnings: [] };
  if (!systemd && runLevels === undefined) {
    return { edits: [], warnings: ['Nothing known starts services in this guest: scripts for the first boot were left out.'] };
  }
  const files = scripts.map(({ name, text, what }, at): FileEdit => {
    const path = `${FOLDER}/first-boot/${String(at + 1).padStart(2, '0')}-${name}`;
    return { path, text: shell(text), mode: '0755', change: { subject: 'tools', what, file: path } };
  });
  const starter: GuestEdit[] = systemd
    ? [
        { path: `/etc/systemd/system/${UNIT}`, text: UNIT_TEXT },
        { path: `/etc/systemd/system/multi-user.target.wants/${UNIT}`, link: `/etc/systemd/system/${UNIT}` },
      ]
    : [
        { path: '/etc/init.d/kubeferry-first-boot', text: INIT_TEXT, mode: '0755' },
        ...['2', '3', '4', '5'].map((level) => ({
          path: `${runLevels ?? '/etc'}/rc${level}.d/S99kubeferry-first-boot`,
          link: '/etc/init.d/kubeferry-first-boot',
        })),
      ];
  return { edits: [...files, { path: RUNNER, text: RUNNER_TEXT, mode: '0755' }, ...starter], warnings: [] };
}

/** A script without a first line that names its interpreter is one of the shell. */
export function shell(text: string): string {
  const lines = text.replaceAll('\r\n', '\n');
  return lines.startsWith('#!') ? lines : `#!/bin/sh\n${lines}`;
}
