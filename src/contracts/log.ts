/** Static messages with fields. Fields that may hold secrets are redacted by the implementation, by name. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export interface Log {
  /** May be changed while running. */
  level: LogLevel;
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
