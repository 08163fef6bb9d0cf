"""What we answer to an SMTP client. PURE: values in, values out; read `verbs` first.

The contract with the shell, in the order in which it is used:

1. `policy.Policy(snapshot, server)` once per revision.
2. `admission.connect(policy, local, remote, tls_available)` → Outcome: write `reply`, perform `actions`.
3. for each line `verbs.respond(session, line, now)`; or `verbs.line_too_long`, `bare_line_feed`, `spoke_early`,
   `idle`, `expired`, `stopping`, `failed` when that is what happened.
4. an action asks for something: `LookUpRecipient` → `rcpt.looked_up`; `CheckPassword` → `auth.checked`;
   `AnswerToken` → `auth.challenged` or `auth.checked`; `ReadMailData` → `data.received`; `StartTls` →
   `starttls.established`; `Accept` → store, then write the reply, or `data.not_stored`; `Ask` →
   `session.answered`, whenever the answer comes; `Await` → the same line again once one has.

`conversation` drives all of it on values: whoever asks what would be said plays a client there.

A session keeps the policy and the connector with which it started.
"""
