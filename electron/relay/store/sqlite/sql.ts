import type { Database, SqliteParams, Statement } from "../../../vault/sqlite.ts";

/** The prepared statements of one database, each made when first asked for. */
export class Sql {
  private readonly db: Database;
  private readonly statements = new Map<string, Statement>();

  constructor(db: Database) {
    this.db = db;
  }

  run(text: string, params: SqliteParams = []): number {
    return this.prepared(text).run(params).changes;
  }

  get<Row>(text: string, params: SqliteParams = []): Row | undefined {
    return this.prepared(text).get<Row>(params);
  }

  all<Row>(text: string, params: SqliteParams = []): Row[] {
    return this.prepared(text).all<Row>(params);
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
