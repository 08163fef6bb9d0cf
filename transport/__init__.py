"""The SMTP side of Gatepost.

Reading order: `config` (what the administrator decided), `smtp` (RFC 5321 as values), `receive.verbs` (what we
answer), `receive` (one file per verb), `shell.clients.dialogue` (how an answer reaches the client), `shell.journal`
(how mail becomes durable), `shell.forward` (how it reaches the queue), `send` (where it goes next), `deliver` (how it
leaves).

Words: a *snapshot* is the whole configuration of one *revision*; a *session* is one client's connection as a value; an
*outcome* is what one command leads to: the new session, the reply, the *actions* that the shell must perform, and the
name of the rule that decided. The *shell* has what the decisions have not: clock, sockets, disk (what an administrator
calls so is the management shell of the console).
"""
