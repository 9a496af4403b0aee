import {
  type Database,
  isDamageError,
  type SqliteParams,
  type Statement,
} from "../../../vault/sqlite.ts";

/** The prepared statements of one database, each made when first asked for. */
export class Sql {
  private readonly db: Database;
  private readonly damaged: () => void;
  private readonly statements = new Map<string, Statement>();
  private metDamage = false;

  /** @param damaged told once, when the first statement meets damage */
  constructor(db: Database, damaged: () => void = () => undefined) {
    this.db = db;
    this.damaged = damaged;
  }

  /** Something that was read was not what SQLite had written. */
  get isDamaged(): boolean {
    return this.metDamage;
  }

  run(text: string, params: SqliteParams = []): number {
    return this.watched(() => this.prepared(text).run(params).changes);
  }

  get<Row>(text: string, params: SqliteParams = []): Row | undefined {
    return this.watched(() => this.prepared(text).get<Row>(params));
  }

  all<Row>(text: string, params: SqliteParams = []): Row[] {
    return this.watched(() => this.prepared(text).all<Row>(params));
  }

  private watched<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!this.metDamage && isDamageError(error)) {
        this.metDamage = true;
        this.damaged();
      }
      throw error;
    }
  }

  private prepared(text: string): Statement {
    let statement = this.statements.get(text);
    if (!statement) {
      statement = this.db.prepare(text);
      this.statements.set(text, statement);
    }
    return statement;
  }
}
