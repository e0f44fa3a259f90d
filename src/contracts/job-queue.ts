/** Orders work inside one process. Doors and steps never see the library behind it. */
export interface JobQueue {
  /**
   * Runs `work` when the limits of its kind allow. A key already queued or running is not started twice: its promise is returned.
   * When `signal` aborts before the start, the promise rejects with the signal's reason.
   */
  submit<T>(key: string, work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}
