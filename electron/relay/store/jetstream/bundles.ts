import type { LibsignalBundle, LibsignalUpload, SdkKey } from "../../wire.ts";
import type { KeyHealth, TakenBundle } from "../store.ts";
import type { OneTimeKeys } from "./one-time-keys.ts";
import type { Records } from "./records.ts";

type LongLived = Omit<LibsignalUpload, "preKeys" | "kyberPreKeys">;

interface Published<T> {
  readonly value: T;
  readonly at: number;
}

/** Published keys: what lasts in records, what is served once in queues. */
export class Bundles {
  private readonly records: Records;
  private readonly queues: OneTimeKeys;

  constructor(records: Records, queues: OneTimeKeys) {
    this.records = records;
    this.queues = queues;
  }

  async publish(agent: string, upload: LibsignalUpload, now: number): Promise<void> {
    const { preKeys, kyberPreKeys, ...bundle } = upload;
    const before = await this.libsignal(agent);
    const installation = installationOf(bundle);
    // The private halves of the queued keys went with the former installation.
    if (before && installationOf(before.value) !== installation) await this.queues.drop(agent);
    await this.records.put(`libsignal.${agent}`, { value: bundle, at: now });
    await this.queues.add(agent, "ec", preKeys, installation);
    await this.queues.add(agent, "kyber", kyberPreKeys, installation);
  }

  publishSigned(agent: string, key: SdkKey, now: number): Promise<void> {
    return this.records.put(`sdk.${agent}`, { value: key, at: now });
  }

  publishOneTime(agent: string, keys: readonly SdkKey[]): Promise<void> {
    const queued = keys.map((key) => ({ ...key, id: key.keyId }));
    return this.queues.add(agent, "sdk", queued, "");
  }

  async takeBundle(agent: string, oneTime: boolean): Promise<TakenBundle | null> {
    const [bundle, signed] = await Promise.all([this.libsignal(agent), this.signed(agent)]);
    if (!bundle && !signed) return null;
    const [libsignal, oneTimePreKey] = await Promise.all([
      bundle && this.withOneTimeKeys(agent, bundle.value, oneTime),
      signed && oneTime ? this.takeSdkKey(agent) : null,
    ]);
    return {
      sdk: signed && { signedPreKey: signed.value, oneTimePreKey },
      libsignal,
      updatedAt: Math.max(bundle?.at ?? 0, signed?.at ?? 0),
    };
  }

  async capabilities(agent: string): Promise<readonly string[] | null> {
    return (await this.libsignal(agent))?.value.capabilities ?? null;
  }

  async health(agent: string): Promise<KeyHealth> {
    const [bundle, signed, ec, kyber, sdk] = await Promise.all([
      this.libsignal(agent),
      this.signed(agent),
      this.queues.count(agent, "ec"),
      this.queues.count(agent, "kyber"),
      this.queues.count(agent, "sdk"),
    ]);
    return {
      sdk: {
        signedPreKeyId: signed?.value.keyId ?? null,
        signedAt: signed?.at ?? null,
        oneTimePreKeyCount: sdk,
      },
      libsignal: bundle && { preKeyCount: ec, kyberPreKeyCount: kyber },
      updatedAt: Math.max(bundle?.at ?? 0, signed?.at ?? 0),
    };
  }

  private async withOneTimeKeys(
    agent: string,
    bundle: LongLived,
    oneTime: boolean,
  ): Promise<LibsignalBundle> {
    const { kyberLastResort, ...rest } = bundle;
    if (!oneTime) return { ...rest, preKey: null, kyberPreKey: kyberLastResort };
    const installation = installationOf(bundle);
    const [preKey, kyberPreKey] = await Promise.all([
      this.queues.take<NonNullable<LibsignalBundle["preKey"]>>(agent, "ec", installation),
      this.queues.take<LibsignalBundle["kyberPreKey"]>(agent, "kyber", installation),
    ]);
    return { ...rest, preKey, kyberPreKey: kyberPreKey ?? kyberLastResort };
  }

  private async takeSdkKey(agent: string): Promise<SdkKey | null> {
    const key = await this.queues.take<SdkKey>(agent, "sdk", "");
    return key && { keyId: key.keyId, publicKey: key.publicKey, signature: key.signature };
  }

  private libsignal(agent: string): Promise<Published<LongLived> | null> {
    return this.records.get(`libsignal.${agent}`);
  }

  private signed(agent: string): Promise<Published<SdkKey> | null> {
    return this.records.get(`sdk.${agent}`);
  }
}

/** Another registration id or identity key is another installation, with other private keys. */
function installationOf(bundle: LongLived): string {
  return `${bundle.registrationId}:${bundle.identityKey}`;
}
