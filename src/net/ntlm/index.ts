/**
 * Logins by NTLMv2 and what protects the messages after them, as WinRM and SMB need them ([MS-NLMP], RFC 4178). No sockets in here: tokens go
 * in and come out. The algorithms are old (MD4, MD5, RC4); what counts is that the server accepts nothing else without a domain.
 * LM, NTLMv1, sessions without extended session security and keys below 128 bits are refused.
 */
export { type NtlmLogin, startNtlm } from './login.ts';
export type { NtlmSession } from './session.ts';
