"""RFC 5321 as values: replies, paths, parameters, trace headers. PURE: no clock, no socket."""
