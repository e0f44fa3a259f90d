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

/** How a server's certificate is trusted. The system's authorities count always; one of these adds to them or replaces them. */
export interface Trust {
  /** Certificates of authorities as PEM text. */
  readonly ca?: string;
  /** SHA-256 or SHA-1 of the server's own certificate, hexadecimal, with or without colons. It alone decides when it is given. */
  readonly thumbprint?: string;
  /** No check at all: whoever answers gets the password. */
  readonly insecure?: boolean;
}
