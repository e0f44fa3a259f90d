import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { SCRIPTS, type ScriptName } from '../../../../providers/hyperv/scripts/contract.ts';
import { scriptText } from '../../../../providers/hyperv/scripts/index.ts';
import { NAMES, nodes, parsePowerShell, troubles } from './powershell.ts';
import { strangers } from './variables.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../../providers/hyperv/scripts');
const FILES = readdirSync(FOLDER).filter((file) => file.endsWith('.ps1'));
const NAMED = Object.keys(SCRIPTS) as ScriptName[];
const LONGEST_LINE = 160;

describe('the scripts for Hyper-V hosts', () => {
  it('are one file for each name of the contract, with the preamble and the bootstrap', () => {
    assert.deepEqual(FILES.toSorted(), [...NAMED, 'bootstrap', 'preamble'].map((name) => `${name}.ps1`).toSorted());
  });

  for (const name of NAMED) {
    it(`${name} is well-formed PowerShell in documented names, and no value becomes part of it`, async () => {
      assert.deepEqual(await troubles(scriptText(name)), []);
    });

    it(`${name} reads no variable that nobody sets`, async () => {
      assert.deepEqual(strangers(await parsePowerShell(scriptText(name))), []);
    });
  }

  it('bootstrap is so as well', async () => {
    assert.deepEqual(await troubles(readFileSync(path.join(FOLDER, 'bootstrap.ps1'), 'utf8')), []);
  });

  for (const file of FILES) {
    it(`${file} is plain ASCII in lines that can be reviewed, and says first what it is for`, () => {
      const text = readFileSync(path.join(FOLDER, file), 'utf8');
      assert.match(text, /^# \S/);
      for (const [index, line] of text.split('\n').entries()) {
        assert.match(line, /^[ -~]*$/, `line ${index + 1}`);
        assert.doesNotMatch(line, /\s$/, `line ${index + 1}`);
        assert.ok(line.length <= LONGEST_LINE, `line ${index + 1} has ${line.length} characters`);
      }
    });
  }

  it('give no function the name of a cmdlet that they use', async () => {
    for (const name of NAMED) {
      const root = await parsePowerShell(scriptText(name));
      const functions = [...nodes(root)].filter(({ type }) => type === 'function_name').map(({ text }) => text.toLowerCase());
      assert.equal(new Set(functions).size, functions.length, `${name} has a function twice`);
      assert.deepEqual(
        Object.keys(NAMES.cmdlets).filter((cmdlet) => functions.includes(cmdlet.toLowerCase())),
        [],
      );
    }
  });

  it('make one call that answers', async () => {
    for (const name of NAMED) {
      const root = await parsePowerShell(readFileSync(path.join(FOLDER, `${name}.ps1`), 'utf8'));
      const calls = [...nodes(root)].filter(
        (node) => node.type === 'command' && node.childForFieldName('command_name')?.text === 'Invoke-Script',
      );
      assert.equal(calls.length, 1, name);
    }
  });
});

describe('the check of the scripts', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['an invented cmdlet', 'Get-VMDisk -VM $vm', /nobody documents the command Get-VMDisk/],
    ['an alias', '$vms | ? { $true }', /command \?/],
    ['an invented parameter', 'Get-VM -Guid $id', /Get-VM has no parameter -Guid/],
    ['a parameter cut short', 'Get-CimInstance -Class Msvm_ComputerSystem', /no parameter -Class/],
    ['an invented class', 'Get-CimInstance -ClassName Msvm_Machine', /class Msvm_Machine/],
    ['an invented class in a splat', "$links = @{ Association = 'Msvm_Nothing' }", /class Msvm_Nothing/],
    ['an invented property', '$vm.BiosNumber', /member BiosNumber/],
    ['an invented method', 'Invoke-CimMethod -InputObject $x -MethodName GetChanges', /method GetChanges/],
    [
      'an invented argument of a method',
      '$arguments = @{ Snapshot = $x }\nInvoke-CimMethod -InputObject $s -MethodName DestroySnapshot -Arguments $arguments',
      /DestroySnapshot takes no Snapshot/,
    ],
    ['a value in a filter', '$f = "Name = \'$name\'"', /a value becomes part of a text/],
    ['an expression in a text', '$f = "Name = $($vm.Name)"', /a value becomes part of a text/],
    ['text that is run', 'Invoke-Expression $text', /Invoke-Expression is not used here/],
    ['a bracket too few', 'if ($true) { Get-VM', /no PowerShell/],
    [
      'a parameter that one of our functions lacks',
      'function Get-It { param($Id) $Id }\nGet-It -Name 1',
      /Get-It has no parameter -Name/,
    ],
  ];
  for (const [what, text, expected] of cases) {
    it(`finds ${what}`, async () => {
      assert.match((await troubles(text)).join('\n'), expected);
    });
  }

  it('finds variables that nobody sets, and those that are taken', async () => {
    const text = 'function Get-It {\n param($Id)\n foreach ($one in $Idd) { $sum += $one; $sum[0] = $summ }\n}\n$Host = 1';
    assert.deepEqual(strangers(await parsePowerShell(text)), [
      "line 5: $host is PowerShell's own",
      'line 3: nobody sets $Idd',
      'line 3: nobody sets $summ',
    ]);
  });

  it('finds one wrong name in a whole script', async () => {
    const text = scriptText('vms').replace('$data.BIOSGUID', '$data.BIOSUUID').replace('Get-VMBios -VM', 'Get-VMBios -Machine');
    assert.deepEqual(
      (await troubles(text)).map((trouble) => trouble.replace(/^line \d+: /, '')),
      ['nobody documents the member BIOSUUID', 'Get-VMBios has no parameter -Machine'],
    );
  });

  it('has no name that no script uses', async () => {
    const used = NAMED.map((name) => scriptText(name)).join('\n');
    const unused = [...Object.keys(NAMES.cmdlets), ...Object.keys(NAMES.classes)].filter((name) => !used.includes(name));
    assert.deepEqual(unused, []);
  });
});
