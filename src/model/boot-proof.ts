/** What was seen of a migrated guest while it booted, on this machine or in the cluster. Plain data: it lies in reports and travels in statuses. */

/** Which signs of life are looked for. `other`: whatever shows; a probe makes it sure. */
export type BootFamily = 'linux' | 'windows' | 'other';

/** Something that was seen while the guest ran and that speaks for it. */
export interface BootEvidence {
  readonly kind: BootSign;
  /** The line, the answer or the measurement itself, for people; at most 200 characters. */
  readonly text: string;
  /** Seconds since the machine was switched on. */
  readonly seconds: number;
}

export type BootSign =
  /** A console asks for a name. */
  | 'login-prompt'
  /** systemd reached multi-user or graphical. */
  | 'system-target'
  /** qemu-guest-agent answered. */
  | 'guest-agent'
  /** A desktop's or login screen's picture stood still while the guest went on sending packets. */
  | 'steady-picture'
  /** A probe that was asked for succeeded. */
  | 'probe'
  /** The cluster runs the machine, and nothing says more of its guest: it has no agent, and no probe was asked for. */
  | 'running';

/** Why a guest did not come up. Stable words; `text` beside it says what was seen. */
export type BootFailure =
  | 'no-boot-device'
  | 'boot-loader-stopped'
  | 'root-not-found'
  | 'kernel-panic'
  | 'passphrase-wanted'
  | 'emergency-mode'
  | 'windows-boot-error'
  | 'reset-loop'
  | 'powered-off'
  | 'probe-failed'
  /** No node of the cluster takes it. */
  | 'not-scheduled'
  /** The cluster was told to run it and does not: it refuses or crashes it, or stands still over a disk. */
  | 'not-running'
  /** The deadline passed without a sign of life or of trouble. */
  | 'no-sign';

export interface BootTrouble {
  readonly code: BootFailure;
  /** One sentence for a person, with what was seen; at most 400 characters. */
  readonly text: string;
}

/** A question to the running guest. Each is asked again and again until it is answered or the deadline passes. */
export type BootProbe =
  /** The port takes a connection and, with `banner`, greets with a text that matches. */
  | { readonly kind: 'tcp'; readonly port: number; readonly mac?: string; readonly banner?: string }
  /** `status` 200 when absent; `body` is a regular expression. */
  | {
      readonly kind: 'http';
      readonly port: number;
      readonly mac?: string;
      readonly path?: string;
      readonly status?: number;
      readonly body?: string;
    }
  /**
   * A program of the user that runs beside the guest and ends with 0. Its environment holds KUBEFERRY_PORT_<guest port> for each
   * of `ports`: where on 127.0.0.1 the guest's port is found.
   */
  | { readonly kind: 'script'; readonly path: string; readonly ports: readonly number[]; readonly mac?: string };

/** `kvm` only where a guest was seen to run with it; `tcg` emulates the processor, ten to thirty times slower. */
export interface AcceleratorChoice {
  readonly name: 'kvm' | 'tcg';
  readonly because: string;
}

export interface BootProof {
  readonly booted: boolean;
  readonly evidence: readonly BootEvidence[];
  /** Present exactly when `booted` is false. */
  readonly trouble?: BootTrouble;
  /** From switching on to the verdict. */
  readonly seconds: number;
  readonly accelerator: AcceleratorChoice;
  /** Path of a PNG file: absolute, or, in a report that lies in a folder, relative to that folder. Absent when the machine gave none. */
  readonly screenshot?: string;
  /** What the guest's network cards were seen to use, by MAC address in lower case. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** The end of what the guest wrote to its first serial port, control sequences removed; at most 8 Ki characters. Empty where nobody read it. */
  readonly console: string;
  /** How the machine differed from what the manifest describes, how its guest differs from the source's, and what could not be seen; a sentence each. */
  readonly differences: readonly string[];
}

/** What has to be seen of a guest before its migration counts as done. */
export interface ProofTerms {
  /** All have to be answered. */
  readonly probes: readonly BootProbe[];
  /** From switching on, for everything; absent: what the guest's family and the accelerator make likely. */
  readonly deadlineSeconds?: number;
}
