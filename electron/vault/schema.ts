import { TinyplaceError } from "../../shared/errors/errors.ts";
import type { Database } from "./sqlite.ts";

/**
 * The vault's tables, by numbered migrations that are never edited: a change is a new number.
 * Times are integers, ms since the epoch. Peers are cryptoIds. `message.seq` orders everything.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE agent (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL,
    seed BLOB NOT NULL,
    registration_id INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    owner_epoch INTEGER NOT NULL
  );

  CREATE TABLE ratchet_session (
    peer TEXT PRIMARY KEY,
    record BLOB NOT NULL,
    updated_at INTEGER NOT NULL
  );
  -- AUTOINCREMENT: a key's number is never given twice, or a late first message would meet another key.
  CREATE TABLE prekey (id INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL, created_at INTEGER NOT NULL);
  CREATE TABLE signed_prekey (id INTEGER PRIMARY KEY AUTOINCREMENT, record BLOB NOT NULL, created_at INTEGER NOT NULL);
  CREATE TABLE kyber_prekey (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    record BLOB NOT NULL,
    last_resort INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  );
  -- A last-resort Kyber key serves many first messages, but no two with the same base key.
  CREATE TABLE kyber_base_key_seen (
    kyber_id INTEGER NOT NULL,
    signed_id INTEGER NOT NULL,
    base_key BLOB NOT NULL,
    PRIMARY KEY (kyber_id, signed_id, base_key)
  ) WITHOUT ROWID;

  CREATE TABLE message (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    direction TEXT NOT NULL CHECK (direction IN ('in', 'out', 'local')),
    peer TEXT NOT NULL,
    from_session TEXT,
    to_session TEXT,
    in_reply_to TEXT,
    role TEXT NOT NULL,
    text TEXT NOT NULL,
    auto INTEGER NOT NULL,
    sent_at TEXT,
    at INTEGER NOT NULL,
    -- For mail of ours: which harness session wrote it, so that its answer finds it (rule R4).
    asker TEXT
  );
  CREATE UNIQUE INDEX message_received ON message (peer, id) WHERE direction = 'in';
  CREATE UNIQUE INDEX message_sent ON message (id) WHERE direction <> 'in';
  CREATE INDEX message_reply ON message (in_reply_to) WHERE in_reply_to IS NOT NULL;
  CREATE INDEX message_from ON message (from_session, seq) WHERE direction <> 'in';

  CREATE TABLE envelope_seen (
    sender TEXT NOT NULL,
    envelope_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sender, envelope_id)
  ) WITHOUT ROWID;

  CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message (seq),
    label TEXT NOT NULL,
    delivered_at INTEGER NOT NULL,
    offered_at INTEGER,
    read_at INTEGER
  );
  CREATE UNIQUE INDEX delivery_once ON delivery (message, label);
  CREATE INDEX delivery_inbox ON delivery (label, message);
  CREATE INDEX delivery_unread ON delivery (label, message) WHERE read_at IS NULL;

  CREATE TABLE hold (
    message INTEGER PRIMARY KEY REFERENCES message (seq),
    to_session TEXT,
    reason TEXT NOT NULL,
    held_at INTEGER NOT NULL
  );

  CREATE TABLE outbox (
    message INTEGER PRIMARY KEY REFERENCES message (seq),
    recipient TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'encrypted', 'relayed', 'failed')),
    envelope TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    problem TEXT,
    relayed_at INTEGER
  );
  CREATE INDEX outbox_waiting ON outbox (recipient, message) WHERE state IN ('queued', 'encrypted');

  CREATE TABLE quarantine (
    sender TEXT NOT NULL,
    envelope_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    envelope TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (sender, envelope_id)
  ) WITHOUT ROWID;

  CREATE TABLE label (
    label TEXT PRIMARY KEY,
    harness_session_id TEXT,
    used_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX label_by_harness ON label (harness_session_id, used_at);
  `,

  // The way of a message (rule D6) apart from the work that moves it: a job goes when it is done, and
  // what is known of the message stays.
  `
  CREATE TABLE outgoing (
    message INTEGER PRIMARY KEY REFERENCES message (seq),
    recipient TEXT NOT NULL,
    -- Of the newest ciphertext: a repair request names it.
    envelope_id TEXT,
    relayed_at INTEGER,
    received_at INTEGER,
    held_at INTEGER,
    inbox_at INTEGER,
    pushed_at INTEGER,
    read_at INTEGER,
    seen_at INTEGER,
    answered_at INTEGER,
    -- The peer's session that has it, as the peer says.
    label TEXT,
    ended TEXT CHECK (ended IN ('failed', 'expired', 'refused', 'cancelled')),
    ended_at INTEGER,
    problem TEXT
  );
  CREATE INDEX outgoing_unconfirmed ON outgoing (recipient, message)
    WHERE relayed_at IS NOT NULL AND received_at IS NULL;

  CREATE TABLE job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    -- A message, or a control message's own text.
    message INTEGER REFERENCES message (seq),
    control TEXT,
    -- A repair request: its ciphertext begins a new session.
    fresh_session INTEGER NOT NULL DEFAULT 0,
    -- Null until it is encrypted; then what is offered to the relay until it is taken.
    envelope TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    CHECK ((message IS NULL) <> (control IS NULL))
  );
  CREATE INDEX job_recipient ON job (recipient, seq);
  CREATE UNIQUE INDEX job_message ON job (message) WHERE message IS NOT NULL;

  INSERT INTO outgoing (message, recipient, relayed_at, ended, ended_at, problem)
    SELECT o.message, o.recipient, o.relayed_at, CASE o.state WHEN 'failed' THEN 'failed' END,
      CASE o.state WHEN 'failed' THEN m.at END, o.problem
    FROM outbox o JOIN message m ON m.seq = o.message;
  INSERT INTO job (recipient, message, envelope, attempts, next_at, expires_at)
    SELECT o.recipient, o.message, o.envelope, o.attempts, o.next_at, m.at + 604800000
    FROM outbox o JOIN message m ON m.seq = o.message
    WHERE o.state IN ('queued', 'encrypted') ORDER BY o.message;
  DROP TABLE outbox;

  -- Receipts that the next control message to the peer carries.
  CREATE TABLE receipt_due (
    seq INTEGER PRIMARY KEY,
    peer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    rung TEXT NOT NULL,
    at INTEGER NOT NULL,
    label TEXT
  );

  CREATE TABLE peer (
    peer TEXT PRIMARY KEY,
    -- JSON list from the bundle it published; null while unknown.
    capabilities TEXT,
    looked_at INTEGER NOT NULL DEFAULT 0,
    -- When we last asked it to send again, and when it last asked us.
    repair_asked_at INTEGER,
    -- How often in a row without an answer.
    repair_asks INTEGER NOT NULL DEFAULT 0,
    repair_answered_at INTEGER
  ) WITHOUT ROWID;

  -- Envelopes of control messages: what a repair request may name besides mail.
  CREATE TABLE control_sent (
    envelope_id TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX control_sent_at ON control_sent (at);

  -- Tells a repeated ciphertext under a new id from one that only uses an old message key.
  ALTER TABLE envelope_seen ADD COLUMN body_hash BLOB;

  -- open: not asked for yet; asked; lost: the sender has it no more, or it was no message.
  ALTER TABLE quarantine ADD COLUMN state TEXT NOT NULL DEFAULT 'open';

  -- What peers announced as sent again, and the envelope each message was in before. Such messages
  -- come late and are marked so (rule R6), and make their first envelope good.
  CREATE TABLE resent (
    peer TEXT NOT NULL,
    envelope_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (peer, envelope_id)
  ) WITHOUT ROWID;
  CREATE INDEX resent_message ON resent (peer, message_id);
  ALTER TABLE message ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
  `,

  // What a person decides about mail (rules R1, R3, R5).
  `
  -- peer or label is '' for all of them.
  CREATE TABLE policy (
    peer TEXT NOT NULL,
    label TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('deliver', 'hold', 'ask', 'refuse')),
    -- Minutes of the local day.
    quiet_from INTEGER,
    quiet_to INTEGER,
    PRIMARY KEY (peer, label)
  ) WITHOUT ROWID;
  CREATE TABLE redirect (from_label TEXT PRIMARY KEY, to_label TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- A person gave it to the session, past what routing or a policy said.
  ALTER TABLE delivery ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
  -- It was handed to a session before it was held: the next one is told so.
  ALTER TABLE hold ADD COLUMN offered_at INTEGER;
  CREATE TABLE discarded (
    message INTEGER PRIMARY KEY REFERENCES message (seq),
    to_session TEXT,
    reason TEXT NOT NULL,
    held_at INTEGER NOT NULL,
    discarded_at INTEGER NOT NULL
  );
  `,

  // Names and contacts (rules C1, C2).
  `
  CREATE TABLE handle_pin (
    handle TEXT PRIMARY KEY,
    crypto_id TEXT NOT NULL,
    pinned_at INTEGER NOT NULL,
    changed_to TEXT,
    changed_at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE own_handle (handle TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE contact_note (
    peer TEXT PRIMARY KEY,
    note TEXT NOT NULL CHECK (note IN ('asked', 'declined', 'removed')),
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,

  // Filled when somebody searches.
  `
  CREATE VIRTUAL TABLE message_text USING fts5 (text, content = 'message', content_rowid = 'seq');
  `,

  // What befell this vault and what was done about it, in words for a person.
  `
  CREATE TABLE incident (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    words TEXT NOT NULL
  );
  `,

  // The network's own cipher (rule E3).
  `
  -- Which cipher the peer is written to with; libsignal, once shown, for good.
  ALTER TABLE peer ADD COLUMN suite TEXT CHECK (suite IN ('libsignal', 'sdk'));
  INSERT OR IGNORE INTO peer (peer) SELECT peer FROM ratchet_session;
  UPDATE peer SET suite = 'libsignal' WHERE peer IN (SELECT peer FROM ratchet_session);

  -- Null for mail inside one agent, and until a message is encrypted.
  ALTER TABLE message ADD COLUMN suite TEXT;
  UPDATE message SET suite = 'libsignal' WHERE direction = 'in'
    OR seq IN (SELECT message FROM outgoing WHERE envelope_id IS NOT NULL);

  -- rank 0 is written in; the others still read what was sent in them.
  CREATE TABLE sdk_session (
    id TEXT PRIMARY KEY,
    peer TEXT NOT NULL,
    rank INTEGER NOT NULL,
    state TEXT NOT NULL,
    -- JSON, until the first message has carried it.
    handshake TEXT,
    -- Begun by us.
    own INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    heard_at INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX sdk_session_peer ON sdk_session (peer, rank);
  CREATE TABLE sdk_skipped_key (
    session TEXT NOT NULL,
    ratchet_key BLOB NOT NULL,
    number INTEGER NOT NULL,
    message_key BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (session, ratchet_key, number)
  ) WITHOUT ROWID;
  CREATE INDEX sdk_skipped_key_at ON sdk_skipped_key (at);
  CREATE TABLE sdk_prekey (
    key_id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('signed', 'one-time')),
    private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  -- A handshake without a one-time key could be repeated, and would put an old session in place.
  CREATE TABLE sdk_handshake_seen (
    ephemeral_key BLOB PRIMARY KEY,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;

  -- Mail by the id that the relay knows: some peers name that one in their answer. And what was sent
  -- in which session, until an answer shows that the peer could read that session.
  CREATE TABLE sdk_envelope_sent (
    envelope_id TEXT PRIMARY KEY,
    message INTEGER NOT NULL REFERENCES message (seq),
    session TEXT NOT NULL,
    proven INTEGER NOT NULL DEFAULT 0,
    at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX sdk_envelope_sent_session ON sdk_envelope_sent (session, message);
  CREATE INDEX sdk_envelope_sent_at ON sdk_envelope_sent (at);
  `,

  // How mail was offered to a session, and whether its transcript shows it (rules D6, M2).
  `
  ALTER TABLE delivery ADD COLUMN pushed_at INTEGER;
  -- All of its text was in what was pushed: once it is seen, it is read.
  ALTER TABLE delivery ADD COLUMN pushed_whole INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE delivery ADD COLUMN hooked_at INTEGER;
  ALTER TABLE delivery ADD COLUMN hook_offers INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE delivery ADD COLUMN seen_at INTEGER;
  CREATE INDEX message_asker ON message (asker) WHERE asker IS NOT NULL;
  CREATE INDEX delivery_unseen ON delivery (label, id)
    WHERE seen_at IS NULL AND (pushed_at IS NOT NULL OR read_at IS NOT NULL);
  `,

  // What a person is writing (rule U3): JSON, read through its schema.
  `
  CREATE TABLE draft (id TEXT PRIMARY KEY, json TEXT NOT NULL, changed_at INTEGER NOT NULL) WITHOUT ROWID;
  `,

  // Whose safety number a person compared (rule C2).
  `
  CREATE TABLE verified_peer (peer TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `,

  // What the daemon did, and why: bounded, and without a message's text.
  `
  CREATE TABLE activity (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    peer TEXT,
    label TEXT,
    message TEXT,
    why TEXT
  );
  `,

  // When a hook that waits woke an idle session for it (rule M2).
  `
  ALTER TABLE delivery ADD COLUMN woken_at INTEGER;
  `,

  // Automatic answers (rules X1, X2).
  `
  CREATE TABLE answer_job (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL UNIQUE REFERENCES message (seq),
    -- Of the answer: whatever happens, one message with this id is sent at most.
    answer_id TEXT NOT NULL,
    -- In whose name it is answered; null: in no session's.
    label TEXT,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'answered', 'dropped', 'failed')),
    -- What the last attempt proves itself with.
    token TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    why TEXT,
    created_at INTEGER NOT NULL
  );
  CREATE INDEX answer_job_state ON answer_job (state, seq);
  CREATE TABLE answer_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES answer_job (seq),
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- Until it says what it cost: the most that it can cost.
    cost_usd REAL NOT NULL,
    problem TEXT,
    output TEXT
  );
  CREATE INDEX answer_run_started ON answer_run (started_at);
  CREATE INDEX answer_run_job ON answer_run (job, id);
  `,

  // Sessions of the network's own cipher in which a ping was sent since the peer last answered: its
  // answer may be to that, and shows nothing about the mail that followed.
  `
  CREATE TABLE sdk_session_ping (session TEXT PRIMARY KEY) WITHOUT ROWID;
  `,

  // Whom a person or session of this agent blocks: the relay does not list it.
  `
  CREATE TABLE blocked_peer (peer TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  `,

  // The words of message_text in their order, one row for each place where they stand.
  `
  CREATE VIRTUAL TABLE message_term USING fts5vocab (message_text, instance);
  `,

  // In which cipher a message of ours went, known only when it is sealed: the rows of messages are wide,
  // and each one written again then is a page more of its commit. What left before keeps it there.
  `
  ALTER TABLE outgoing ADD COLUMN suite TEXT;
  `,

  // A client names what it was handed by the delivery's number, long after where its connection was cut.
  // The table is counted as with AUTOINCREMENT, which it could get by being written anew only: that takes
  // seconds in a vault of years. Numbers that may have been given before are passed over.
  `
  INSERT INTO sqlite_sequence (name, seq)
    SELECT 'delivery', coalesce(max(id), 0) + (SELECT coalesce(max(seq), 0) FROM message) FROM delivery;
  -- The delivery that it was: whoever was handed that may yet say that it has it.
  ALTER TABLE hold ADD COLUMN delivery INTEGER;
  CREATE INDEX hold_delivery ON hold (delivery) WHERE delivery IS NOT NULL;
  `,

  // What a person gave to a session is that session's also while it waits for it (rule R5).
  `
  ALTER TABLE hold ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE discarded ADD COLUMN released INTEGER NOT NULL DEFAULT 0;
  `,

  // Mail that nobody gets (rules R1, R5), whose sender is told so. What became of mail between sessions
  // of this agent, and its holds and deliveries tell no longer, is known of old mail as far as the
  // record of activity goes back.
  `
  CREATE TABLE refused (message INTEGER PRIMARY KEY REFERENCES message (seq), at INTEGER NOT NULL);
  INSERT INTO refused (message, at)
    SELECT m.seq, min(a.at) FROM activity a CROSS JOIN message m
    WHERE a.kind = 'dropped' AND m.id = a.message AND m.peer = a.peer AND m.direction = 'in'
    GROUP BY m.seq;
  INSERT INTO refused (message, at)
    SELECT m.seq, min(a.at) FROM activity a CROSS JOIN message m
    WHERE a.kind = 'dropped' AND m.id = a.message AND m.peer = a.peer AND m.direction <> 'in'
      AND m.direction = 'local' GROUP BY m.seq;
  INSERT INTO outgoing (message, recipient, held_at)
    SELECT m.seq, m.peer, min(a.at) FROM activity a CROSS JOIN message m
    WHERE a.kind = 'held' AND m.id = a.message AND m.peer = a.peer AND m.direction <> 'in'
      AND m.direction = 'local' GROUP BY m.seq;
  INSERT OR IGNORE INTO outgoing (message, recipient, held_at)
    SELECT m.seq, m.peer, d.held_at FROM discarded d CROSS JOIN message m ON m.seq = d.message
    WHERE m.direction = 'local';
  `,
];

export const NEWEST_VERSION = MIGRATIONS.length;

/** Brings an open vault to the newest version, or the one named, in one transaction a step. */
export function migrate(db: Database, to = NEWEST_VERSION): void {
  const rows = db.pragma("user_version") as { user_version: number }[];
  const version = rows[0]?.user_version ?? 0;
  if (version > NEWEST_VERSION) throw newerVersion();
  for (let step = version; step < to; step++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      db.exec(MIGRATIONS[step] as string);
      db.pragma(`user_version=${step + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      db.exec("ROLLBACK");
      throw error;
    }
  }
}

export function newerVersion(): TinyplaceError {
  return new TinyplaceError(
    "vault_locked",
    "This vault was written by a newer version of tinyplace.",
    "Install the newer version again. Nothing was changed.",
  );
}
