"""Every refusal by its kind: the stable word for programs, and the sentence in English.

A page in another language has its own sentence for the kind and fills in the same parameters; so
does a customer's CRM. A kind that was once published keeps its name and its parameters.
[docs/refusals.md](../../docs/refusals.md) is made from the tables here.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

# The parameters stand in braces. A list of words is told with commas.
KINDS: Mapping[str, str] = {
    # Of a conversation
    "unknown": "There is no {what} {id}",
    "illegal-transition": "{event} is not possible in the state {state}; possible: {possible}",
    "busy": "More is asked than can be kept at once; try again",
    "offer-gone": "The conversation {conversation} does not ring at agent {agent}",
    "not-yours": "Agent {agent} has no part in conversation {conversation}",
    "blocked": "No conversation can be begun or continued from here. Please use another way to "
    "reach us",
    "too-many-conversations": "Too many conversations were begun from this address. Please wait "
    "{seconds} s",
    "too-many-questions": "This page asks more often than anybody looks. Please wait {seconds} s",
    "too-many-looks": "More is asked from this address than it is answered. Please wait "
    "{seconds} s",
    "too-fast": "You write faster than can be read. Please wait {seconds} s",
    "message-key": "A message needs the sender's own id, of 1 to {most} characters",
    "message-empty": "An empty message says nothing",
    "message-too-long": "The message has {length} characters; at most {most} are taken. Send it in "
    "parts, or as an attachment",
    "message-signs": "The message has control characters; send text",
    "file-empty": "The file is empty",
    "file-type": "Files of this kind are not taken; these are: {allowed}",
    "file-content": "The file is called .{ending}, but what is inside is something else",
    "file-too-large": "The file is larger than {most_mib} MiB",
    "too-many-files": "A conversation has at most {most} files",
    "mark-too-far": "The last message has number {newest}; {number} cannot be marked",
    "flow-parts": "The flow needs `start` (a name) and `steps` (an object of steps by name)",
    "flow-step-name": "A step's name has 1 to {most} characters; {name} has not",
    "flow-step-kind": "The step {step} has no kind of {kinds}",
    "flow-text": "{where} says a text of at most {most} characters, in a language",
    "flow-object": "{where} is not an object",
    "flow-strange": "{where} has {part}; it may have {known}",
    "flow-number": "{where}: {part} is a number",
    "flow-list": "{where}: {part} is a list of at most {most}",
    "flow-names": "{where}: {part} is an object that names steps",
    "flow-troubles": "The flow cannot be used yet: {troubles}",
    "flow-nameless": "A new flow needs a name",
    "number-form": "A number has digits, and perhaps a + before them; {number} has not",
    "number-of-another": "{number} is already known as a number of {name} (contact {contact})",
    "sound-no-wav": "This is no WAV file that can be read. Save it as WAV, PCM, 16 bits",
    "sound-form": "The file has {bits} bits, {channels} channels and {rate} Hz. Save it with 16 "
    "bits, 1 or 2 channels, and {least} to {most} Hz",
    "sound-length": "The file is {length} seconds long; 1 to {most} are possible",
    "voice-unknown": "There is no voice for {language}; there are {known}. Upload a recording "
    "instead",
    "not-spoken": "No text can be spoken on this machine; `callstead doctor` says why. Upload a "
    "recording instead",
    "prompt-needed": "The flow {flow} plays this recording; change the flow first",
    "phone-language": "A queue speaks {known}; not {language}",
    "phone-announce": "Announcements come every {least} seconds at most; 0: none",
    "phone-keep-days": "Recordings are kept for at most {most} days; 0: as long as the site's",
    "phone-beep": "A queue's tone is heard by {known}; not by {beep}",
    "phone-beep-every": "Tones come every {least} seconds at most; 0: none after the first",
    "supervise-no-call": "Only a call can be listened to",
    "supervise-not-spoken": "A call can be listened to while it is spoken in",
    "supervise-own": "You have this call yourself",
    "supervise-takes-part": "You take part in this call already",
    "supervise-busy": "You are on the phone: end that call first",
    "mute-no-call": "A phone can be muted while the call goes on",
    "mute-no-phone": "No phone of yours is picked up in this call",
    "private-no-call": "Only of a call that goes on something can be left out of the recording",
    "phone-callback": "The key for a callback is one of {known}; empty: none is offered",
    "phone-number": "The number that people outside see has digits, and a + before them perhaps",
    "dial-form": "A number has 2 to 24 digits, and a + before them perhaps; {number} has not",
    "dial-no-trunk": "No trunk takes calls to outside; an administrator can set "
    "appliance.telephony.outbound",
    "dial-not-allowed": "The number {number} may not be called; an administrator sets what may, by "
    "appliance.telephony.allowed_prefixes and denied_prefixes",
    "dial-no-switch": "The switch does not answer, so nobody can be called just now; an "
    "administrator can look with callstead doctor",
    "dial-no-phone": "No phone of yours is on; turn on the phone in the desk, or sign in your desk "
    "phone",
    "dial-busy": "You are on the phone: end that call first",
    "dial-offline": "You are offline; say that you are available or away first",
    "dial-updating": "The program is about to be restarted for an update; call in a few minutes",
    "dial-no-queue": "You serve no queue, so it is not known for whom you call; ask a supervisor",
    "dial-not-your-queue": "You do not serve the queue {queue}; call for one that you serve",
    "rating-stars": "A rating has 1 to 5 stars",
    "rating-comment": "A comment has at most {most} characters",
    "rating-not-yet": "A conversation is rated when somebody answered it and it has ended",
    "transfer-where": "Name either a queue or an agent to transfer to",
    "transfer-closed": "The queue {queue} is closed: the caller would wait until it opens; choose "
    "another queue, or a colleague",
    "invite-not-spoken": "A colleague can be asked in while the conversation is spoken in",
    "invite-yourself": "You have this conversation already",
    "invite-offline": "{name} is not signed in",
    "invite-too-many": "At most {most} colleagues take part in a conversation",
    "number-no-call": "A number can be asked into a call while its agent speaks in it",
    "number-there": "{number} is in this call already, or rings",
    "number-not-there": "{number} is not in this call",
    "number-transferring": "This call is being transferred; wait, or take the caller back",
    "number-too-many": "At most {most} others take part in a call",
    "hand-over-nobody": "Only a colleague who takes part can go on with it",
    "hand-over-early": "{name} has not picked up yet",
    "snooze-call": "A call cannot be snoozed; hold or end it",
    "snooze-past": "The time {until} is over; choose a later one",
    "snooze-long": "A conversation is snoozed for at most {most} days",
    "update-none": "No update waits any more",
    "update-urgent": "This update is urgent and cannot be put off. It comes after the "
    "conversations that are open",
    "update-postponed": "The update was put off already, for {most} minutes at most. It comes "
    "after the conversations that are open",
    "transcript-no-mail": "This call centre sends no mail; an administrator can set "
    "appliance.mail.host",
    "transcript-nothing": "Nothing was said yet that could be sent",
    "transcript-too-many": "At most {most} transcripts of one conversation are sent",
    "mail-address": "This is not a mail address; it looks like name@example.com",
    "note-too-long": "The note has {length} characters; at most {most} are kept",
    "too-many-tags": "There are {count} tags; at most {most} are kept",
    "tag-too-long": "The tag {tag} is longer than {most} characters",
    # Of what an administrator sets
    "queue-name": "A new queue needs a name",
    "queue-field": "A queue has no {field}; it has {known}",
    "queue-form": "The queue's form is not as a queue shows it: {what}",
    "queue-circle": "The queue {queue} would overflow in a circle",
    "queue-ageing": "The ageing of the queue {queue} must be above 0",
    "queue-ring": "An offer of the queue {queue} must ring longer than 0 seconds",
    "queue-weight": "What a conversation of the queue {queue} takes of an agent must be a whole "
    "number from {least} to {most}",
    "rule-steps": "The steps of the rule {rule} must begin at 0 seconds and go up",
    "skill-level": "The level of the skill {skill} must be {least} to {most}",
    "wrap-up-time": "Timed after-call work needs a time above 0 seconds",
    "service-level-share": "A service level's share must be above 0 and at most 1",
    "service-level-times": "A service level's times must be above 0 seconds",
    "hours-empty": "A span from {start} to itself is never open",
    "hours-zone": "A span is local time; the time zone is the queue's",
    "hours-day": "Weekdays are 0 (Monday) to 6 (Sunday)",
    "time-zone": "There is no time zone {zone}; name one like Asia/Shanghai",
    "look-colour": "The accent colour of a look is written like #0b6bcb",
    "look-side": "The side of a look is one of: {known}",
    "look-language": "A look has texts in {known} alone",
    "look-length": "A text of a look has at most {most} characters here",
    "canned-needs": "A new reply needs a shortcut and its texts",
    "canned-shortcut": "A shortcut has 1 to 40 letters, digits, dots, hyphens or underscores, and "
    "no space",
    "canned-taken": "The shortcut {shortcut} is another reply's",
    "canned-language": "There is no language {language}; known: {known}",
    "canned-empty": "A reply needs a text in one language: {known}",
    "canned-too-long": "A reply has at most {most} characters",
    "canned-variable": "There is nothing to fill in for {variable}; known: {known}",
    "user-name": "{name} cannot be a sign-in name: use at most 64 letters and digits, or . _ - @",
    "user-taken": "There is a user {name} already; choose another name, or give that user a new "
    "password with `callstead appliance user reset-password {name}`",
    "last-administrator": "Nobody would be left who can manage users; make another one first",
    "queue-taken": "There is a queue {name} already; choose another name",
    "team-taken": "There is a team {name} already; choose another name",
    "block-network": "{value} is neither an address nor a network like 203.0.113.0/24",
    "block-contact": "{value} is not a contact's id",
    "block-identity": "{value} is not like number:+4930123456",
    "webhooks-full": "There are {most} webhooks, and no more are taken; remove one",
    "webhook-address": "{value} is not an address like https://crm.example.org/hook",
    "webhook-password": "An address with a password in it would be shown to others; leave it out",
    "webhook-events": "There are no events {name}; see docs/events.md",
    "permission-missing": "This needs the permission {permission}, which your role, or the "
    "program's scopes, do not have",
    "scope-unknown": "There is no permission {scope}; there are {known}",
    "scope-beyond": "You do not have the permission {scope} yourself",
    "key-over": "The key would have run out already",
    "report-backwards": "A report must end on the day it begins, or later",
    "report-filter": "A report by {by} cannot be of one {filter} alone: contacts are counted by "
    "queue and channel, the time of people by agent",
    "report-too-long": "A report by {interval} reaches over {most} days at most, and this one has "
    "{days}; choose fewer days or longer intervals",
    "report-too-many-rows": "This report has {rows} rows, and a page shows at most {most}; choose "
    "fewer days or longer intervals, or export it to a file",
    "staffing-shares": "Shrinkage must be 0 to below 1, and occupancy above 0 and at most 1",
    "staffing-too-much": "This load needs more than {most} agents",
    "name-language": "There is no language {language}; known: {known}",
    "name-missing": "It needs a name in one language: {known}",
    "name-too-long": "A name has at most {most} characters",
    "field-key": "A key has 1 to 40 small letters, digits or underscores, a letter first",
    "field-key-taken": "There is a field {key} already",
    "field-choices-missing": "A field with choices needs at least one",
    "field-choices-none": "A field of the kind {of} has no choices",
    "field-choices": "There are at most {most} choices of {length} characters each",
    "field-unknown": "A {subject} has no field {field}; it has {known}",
    "field-text": "{field} is a text",
    "field-too-long": "{field} has at most {most} characters",
    "field-number": "{field} is a number",
    "field-choice": "{field} is one of: {known}",
    "field-date": "{field} is a date like 2026-03-31",
    "field-yes-no": "{field} is true or false",
    "field-required": "{field} of the {subject} is to be filled in first",
    "label-word": "A word has 1 to {most} characters, and no comma",
    "label-taken": "Among those of the kind {label} there is {word} already",
    "label-queues": "Dispositions alone are offered by queue",
    "label-colour": "An away reason has no colour",
    "away-unknown": "There is no away reason {word} to choose; there are: {known}",
    "disposition-unknown": "{word} is none of: {known}",
    "too-many-in-use": "At most {most} are in use at a time; retire one that is not needed",
    "webhook-off": "The webhook is turned off; turn it on, and try again",
    # Of who asks
    "wrong-password": "The name or the password is not right",
    "code-needed": "The code of the second factor is missing or not right",
    "sign-in-first": "Sign in at /sign-in first: a password must be changed, or a second "
    "factor made",
    "too-many-wrong": "Too many wrong passwords or codes; try again in {seconds} s",
    "token-unknown": "The refresh token is not known. Sign in again",
    "token-reused": "The refresh token was used before, so somebody may have copied it: everything "
    "that followed from that sign-in is revoked. Sign in again",
    "token-over": "The sign-in is over or was revoked. Sign in again",
    "factor-there": "There is a second factor already; take it away first",
    "factor-code": "The code is not right",
    "factor-kept": "The code is not right, or your role must have a second factor",
    "factor-person": "A program cannot change a second factor; do it in a browser",
    "frame-conversation": "An agent's frame names its conversation",
    # Of the request itself
    "already-there": "It is there already. Read it, and send its version as If-Match to change it",
    "key-used": "The Idempotency-Key was used for another request. Use a new one for each creation",
    "made-before": "It was made, and its answer was lost when the program ended. Look for it; a "
    "new key would make another one",
    "not-ended": "The first request with this key has not ended. Ask again in a minute",
}

# What HTTP itself says; the sentence is told with each. `invalid` has `errors`, one for each field.
WEB_KINDS: Mapping[str, str] = {
    "invalid": "the body or a parameter is not as described; see `errors`",
    "bad-request": "the request cannot be read",
    "unauthorized": "nobody is signed in, or the key, the token or the session is over",
    "forbidden": "who asks may not do this",
    "not-found": "there is nothing at this address",
    "method-not-allowed": "the address knows other methods: see the header Allow",
    "request-timeout": "the request did not come to its end in time",
    "conflict": "it does not go with what is there",
    "gone": "the address has run out; ask for a new one",
    "precondition-required": "an edit needs If-Match with the etag that was read",
    "precondition-failed": "somebody changed it since it was read: read it again",
    "request-entity-too-large": "more was sent than the address takes",
    "unsupported-media-type": "the address takes JSON",
    "requested-range-not-satisfiable": "the file is shorter than the range that was asked for",
    "misdirected-request": "another process of the appliance answers this",
    "too-many-requests": "asked too often: wait as long as Retry-After says",
    "csrf": "a change by a browser's session needs the header X-CSRF-Token",
    "elsewhere": "another process of the appliance answers this",
    "fault": "a fault of ours; `number` names its report",
    "network": "another program was not reached; it may help to try again",
    "remote": "another program did not answer as agreed",
    "internal-server-error": "a fault of ours",
    "failed": "a fault of ours",
}


class RefusalError(Exception):
    """Something is not done; ``str`` of it is the sentence.

    Attributes:
        kind: one of `KINDS`.
        parameters: what stands in the sentence, by name.
    """

    def __init__(self, kind: str, **parameters: object) -> None:
        super().__init__(KINDS[kind].format_map({k: _told(v) for k, v in parameters.items()}))
        self.kind, self.parameters = kind, parameters


class ForbiddenError(RefusalError):
    """Whoever asks may not."""


class ConflictError(RefusalError):
    """It does not go with what is there."""


class AlreadyThereError(RefusalError):
    """Something new was asked for, and is none."""

    def __init__(self) -> None:
        super().__init__("already-there")


class InvalidError(RefusalError, ValueError):
    """What was given cannot be taken."""


def anything(_seen: object) -> None:
    """A check before a change that refuses nothing."""


def names_in(kind: str) -> tuple[str, ...]:
    """The parameters of a kind, in the order of its sentence."""
    found = (name for _text, name, _spec, _turn in Formatter().parse(KINDS[kind]) if name)
    return tuple(dict.fromkeys(found))


def _told(value: object) -> object:
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value) or "nothing"
    return value
