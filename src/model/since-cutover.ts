/** What became of a target between its cutover and its rollback. */
export interface SinceCutover {
  /** Key of the disk at the source. */
  readonly disk: string;
  /** Compared with the proof that was made before the VM ran; `unknown`: there was none, or nobody could look. */
  readonly content: 'unchanged' | 'written' | 'unknown';
}

/** In a sentence; empty where nothing was looked at. */
export function sinceCutoverText(disks: readonly SinceCutover[]): string {
  const of = (wanted: SinceCutover['content']): string =>
    disks
      .filter(({ content }) => content === wanted)
      .map(({ disk }) => disk)
      .join(', ');
  const parts = [
    ...(of('written') === '' ? [] : [`the VM at the target wrote to ${of('written')}, which is not carried back`]),
    ...(of('unchanged') === '' ? [] : [`as they were copied: ${of('unchanged')}`]),
    ...(of('unknown') === '' ? [] : [`nobody knows whether it wrote to ${of('unknown')}`]),
  ];
  return parts.length === 0 ? '' : `Since the cutover: ${parts.join('; ')}.`;
}
