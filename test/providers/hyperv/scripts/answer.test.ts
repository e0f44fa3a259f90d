import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ANSWER_LIMIT, type Ended, readAnswer, ScriptFailed } from '../../../../providers/hyperv/scripts/answer.ts';
import { MigrationError } from '../../../../src/model/errors.ts';
import { hostAnswer, vmAnswer } from '../answers.ts';

function ended(document: unknown, parts: Partial<Ended> = {}): Ended {
  return { stdout: JSON.stringify(document), stderr: '', exitCode: 0, ...parts };
}

function broken(run: () => unknown): MigrationError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof MigrationError);
    assert.equal(error.code, 'source-answer-broken');
    return error;
  }
  throw new Error('Nothing was wrong.');
}

describe('an answer of a script', () => {
  it('is what the contract says', () => {
    const host = hostAnswer();
    assert.deepEqual(readAnswer('host', ended(host), 'hv1'), host);
    assert.equal(readAnswer('vms', ended({ vms: [vmAnswer()] }), 'hv1').vms[0]?.name, 'web');
  });

  it('may leave out or call null what is unknown', () => {
    const { notes: _notes, ...vm } = vmAnswer();
    assert.equal(readAnswer('vms', ended({ vms: [{ ...vm, path: null }] }), 'hv1').vms.length, 1);
  });

  it('throws what the script says went wrong, whatever its language', () => {
    const failed = { code: 'job-failed', message: 'Vorgang fehlgeschlagen', category: 'NotSpecified', jobError: 32775 };
    assert.throws(
      () => readAnswer('checkpoint', ended({ failed }, { exitCode: 1 }), 'hv1'),
      (error) => {
        assert.ok(error instanceof ScriptFailed);
        assert.equal(error.code, 'job-failed');
        assert.equal(error.message, 'Vorgang fehlgeschlagen');
        assert.equal(error.category, 'NotSpecified');
        assert.equal(error.jobError, 32775);
        assert.equal(error.errorId, undefined);
        return true;
      },
    );
  });

  it('that breaks the contract names the field and not what is in it', () => {
    const vm = vmAnswer({ name: 'payroll-secret' });
    const error = broken(() => readAnswer('vms', ended({ vms: [vm, { ...vm, disks: [{ id: 'secret' }] }] }), 'hv1'));
    assert.match(error.message, /of hv1 to script vms does not fit: vms\[1\]\.disks\[0\]\.controllerType: /);
    assert.doesNotMatch(error.message, /secret/);
    assert.equal(error.place.at, 'vms: vms[1].disks[0].controllerType');
  });

  it('that is of another kind altogether says so', () => {
    assert.match(broken(() => readAnswer('host', ended([]), 'hv1')).message, /the whole/);
  });

  it('that is cut off, empty or too long is broken, and is not quoted', () => {
    const cut = broken(() => readAnswer('power', { stdout: '{"state":"secret', stderr: '', exitCode: 0 }, 'hv1'));
    assert.match(cut.message, /no JSON document \(16 characters\)/);
    assert.doesNotMatch(`${cut.message} ${String(cut.cause)}`, /secret/);
    assert.match(
      broken(() => readAnswer('power', { stdout: ' \r\n', stderr: '', exitCode: 3 }, 'hv1')).message,
      /is empty, exit code 3/,
    );
    const long = { stdout: ' '.repeat(ANSWER_LIMIT + 1), stderr: '', exitCode: 0 };
    assert.match(broken(() => readAnswer('power', long, 'hv1')).message, /longer than/);
  });

  it('of a process that ended badly without saying why is broken, and keeps the beginning of its noise', () => {
    const error = broken(() =>
      readAnswer('power', ended({ state: 'Off' }, { exitCode: 255, stderr: `#< CLIXML ${'x'.repeat(9000)}` }), 'hv1'),
    );
    assert.match(error.message, /ended with code 255/);
    assert.ok(error.cause instanceof Error);
    assert.equal(error.cause.message.length, 4000);
  });
});
