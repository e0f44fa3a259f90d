/** What was seen of a guest at its target. */
import type { BootEvidence, BootProof, BootSign } from '../../model/boot-proof.ts';
import { about } from '../durations.ts';
import type { Exhibit } from '../exhibit.ts';

const SIGNS: Readonly<Record<BootSign, string>> = {
  'login-prompt': 'login prompt',
  'system-target': 'system reached its target',
  'guest-agent': 'guest agent answered',
  'steady-picture': 'steady picture',
  probe: 'probe answered',
  running: 'the cluster runs it',
};

/** The console's last lines tell how far the guest came; the report as JSON has more of them. */
const CONSOLE_LINES = 12;
const CONSOLE_WIDTH = 160;

export function bootExhibit(proof: BootProof, vm: string): Exhibit {
  const { booted, trouble, seconds, accelerator, evidence, differences, screenshot } = proof;
  const verdict = booted
    ? `Seen to boot in ${about(seconds)}.`
    : `Not seen to boot after ${about(seconds)}: ${trouble?.text ?? 'it gave no sign.'}${trouble === undefined ? '' : ` [${trouble.code}]`}`;
  const shown = consoleEnd(proof.console);
  return {
    title: 'Boot',
    lines: [
      verdict,
      `Processor: ${accelerator.name}. ${accelerator.because}`,
      ...(differences.length === 0 ? [] : [`The machine differed from the manifest: ${differences.join(' ')}`]),
    ],
    head: ['After', 'Sign', 'Seen'],
    rows: evidence.map(evidenceRow),
    ...(screenshot !== undefined && { picture: { source: screenshot, about: `Screen of ${vm} at the end of its boot` } }),
    ...(shown.length > 0 && { quote: { title: 'End of its console', lines: shown } }),
  };
}

function evidenceRow({ kind, text, seconds }: BootEvidence): readonly string[] {
  return [`${seconds.toFixed(1)} s`, SIGNS[kind], text];
}

function consoleEnd(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-CONSOLE_LINES)
    .map((line) => (line.length > CONSOLE_WIDTH ? `${line.slice(0, CONSOLE_WIDTH - 1)}…` : line));
}
