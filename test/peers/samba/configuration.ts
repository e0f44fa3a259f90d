/** What an smb.conf says, for a server that leaves the machine's own samba alone. */

export interface SambaOptions {
  /** Shares by name: folders that are served read-only, or with more to say about them. */
  readonly shares: Readonly<Record<string, string | SambaShare>>;
  /** Least and latest dialect: `SMB3_00`, `SMB3_02`, `SMB3_11`, `SMB2_10`; from SMB 2.02 to 3.1.1 when absent. */
  readonly dialects?: { readonly least?: string; readonly most?: string };
  /** `if_required` when absent: sealed only where the client wants it. */
  readonly encryption?: 'off' | 'if_required' | 'required';
  /** Algorithms by samba's names, best first; its own choice when absent. */
  readonly signing?: readonly ('aes-128-gmac' | 'aes-128-cmac' | 'hmac-sha256')[];
  readonly ciphers?: readonly ('aes-128-gcm' | 'aes-128-ccm' | 'aes-256-gcm' | 'aes-256-ccm')[];
  /** Credits that one client gets at most. */
  readonly credits?: number;
  /** Bytes of one read at most. */
  readonly maxRead?: number;
}

export interface SambaShare {
  readonly folder: string;
  /** Further lines. */
  readonly lines?: readonly string[];
}

export function configuration(folder: string, port: number, options: SambaOptions): string {
  const { shares, dialects, encryption = 'if_required', signing, ciphers, credits, maxRead } = options;
  const global = [
    'server role = standalone server',
    'workgroup = TEST',
    'netbios name = PEER',
    'disable netbios = yes',
    'server services = smb',
    `smb ports = ${port}`,
    'bind interfaces only = yes',
    'interfaces = 127.0.0.1',
    `private dir = ${folder}/private`,
    `lock directory = ${folder}/lock`,
    `state directory = ${folder}/state`,
    `cache directory = ${folder}/cache`,
    `pid directory = ${folder}/pid`,
    `ncalrpc dir = ${folder}/ncalrpc`,
    'passdb backend = tdbsam',
    'log file = /dev/null',
    'load printers = no',
    'printcap name = /dev/null',
    'disable spoolss = yes',
    'map to guest = never',
    'server signing = mandatory',
    'ntlm auth = ntlmv2-only',
    `server smb encrypt = ${encryption}`,
    ...(dialects?.least === undefined ? [] : [`server min protocol = ${dialects.least}`]),
    ...(dialects?.most === undefined ? [] : [`server max protocol = ${dialects.most}`]),
    ...(signing === undefined ? [] : [`server smb3 signing algorithms = ${signing.join(' ')}`]),
    ...(ciphers === undefined ? [] : [`server smb3 encryption algorithms = ${ciphers.join(' ')}`]),
    ...(credits === undefined ? [] : [`smb2 max credits = ${credits}`]),
    ...(maxRead === undefined ? [] : [`smb2 max read = ${maxRead}`]),
  ];
  const sections = Object.entries(shares).map(([name, share]) => {
    const { folder: path, lines = [] } = typeof share === 'string' ? { folder: share } : share;
    return section(name, [`path = ${path}`, 'read only = yes', ...lines]);
  });
  return [section('global', global), ...sections].join('\n');
}

function section(name: string, lines: readonly string[]): string {
  return [`[${name}]`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}
