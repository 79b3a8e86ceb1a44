/** A role at work. Disposing drains it: everything that was accepted is stored, or is safe in the log. */
export interface RunningRole extends AsyncDisposable {
  /** Where clients reach it; only of roles that serve clients. */
  url?: string;
  /** It has done all that it is for. */
  done?: true;
}
