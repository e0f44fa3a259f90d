/** Pictures in a report that lies in a folder. */
import type { Report } from '../model/report.ts';

/**
 * The report with the paths of pictures inside of its folder relative to it, so that the folder can be moved and shown elsewhere.
 * @param folder absolute path
 */
export function withLocalPictures(report: Report, folder: string): Report {
  const prefix = folder.endsWith('/') ? folder : `${folder}/`;
  return {
    ...report,
    vms: report.vms.map((entry) => {
      const { proof } = entry.progress ?? {};
      if (entry.progress === undefined || !proof?.screenshot?.startsWith(prefix)) return entry;
      const screenshot = proof.screenshot.slice(prefix.length);
      return { ...entry, progress: { ...entry.progress, proof: { ...proof, screenshot } } };
    }),
  };
}
