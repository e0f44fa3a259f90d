/** Where a worker's Pod has its things: known to whoever makes the Pod and to the worker in it. */
export const WORKER_PATHS = {
  /** The order, as JSON. */
  order: '/kubeferry/order/order.json',
  /** Folder of the login: `user`, `password`, `ca.crt` and the other keys of the Secret. */
  login: '/kubeferry/login',
  /** Claim with the image files of the source, read-only. */
  source: '/source',
  /** Folder of claims with shares of the source, read-only; each has its own, by its name. */
  shares: '/shares',
  /** Target claim with volumeMode Filesystem. KubeVirt wants its disk as `disk.img` at the top. */
  disk: '/disk',
  /** Target claim with volumeMode Block. */
  device: '/dev/kubeferry-disk',
  /** Claim that a disk is copied from, read-only: a folder, or a device. */
  kept: '/kept',
  keptDevice: '/dev/kubeferry-kept',
  /** All disks of a VM whose guest is converted: their folder, in which each has its own by its number, and the beginning of their devices. */
  disks: '/disks',
  devices: '/dev/kubeferry-disk-',
  /** What a conversion has to find again after its Pod was killed. */
  conversion: '/conversion',
  /** Passphrases of encrypted volumes. */
  keys: '/kubeferry/keys',
  /** Claim with virtio-win, read-only. */
  virtioWin: '/virtio-win',
  /** Folder for the journal of a block device. */
  journal: '/journal',
  /** Folder of such folders, of all disks of a VM whose guest is converted: each by its number. */
  journals: '/journals',
} as const;

/** Name of the journal of a block device in its folder. */
export const JOURNAL = 'journal';
