/** How to log in, and whom to give the password to. */

/** Who logs in. Held in memory only. */
export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** A certificate that stands for a user, and its private key; both as PEM text. */
export interface ClientCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** What SSH logs in with before a password is asked for, and whom it knows. */
export interface SshLogin {
  /** Who logs in, where the address names nobody. */
  readonly user?: string;
  /** A private key as text: OpenSSH's form or PEM. */
  readonly privateKey?: string;
  /** Of the private key, where it is encrypted. */
  readonly passphrase?: string;
  /** Socket of an agent that holds keys. */
  readonly agent?: string;
  /** Keys of hosts, as the text of a `known_hosts` file. A thumbprint of `Trust` counts before it. */
  readonly knownHosts?: string;
}

/** How a server's certificate is trusted. The system's authorities count always; one of these adds to them or replaces them. */
export interface Trust {
  /** Certificates of authorities as PEM text. */
  readonly ca?: string;
  /** SHA-256 or SHA-1 of the server's own certificate, hexadecimal, with or without colons. It alone decides when it is given. */
  readonly thumbprint?: string;
  /** No check at all: whoever answers gets the password. */
  readonly insecure?: boolean;
}
