// Signs a played person in, binds her card, proves this phone's key, and fetches the pass and what she is entitled to.

import { type Bytes, fromAscii, fromBase64url, join, toBase64url } from "../card/bytes.ts";
import { sign, type SigningKey } from "../card/cose.ts";
import type { Language } from "../view/language.ts";
import { loginCode, type Person, phoneCode } from "./people.ts";
import { Session } from "./server.ts";

export type Verdict = "ELIGIBLE" | "NOT_ELIGIBLE" | "UNDETERMINED";

export interface Entitlement {
  readonly programme: string;
  readonly title: string;
  readonly verdict: Verdict;
  readonly criteria: readonly { readonly sentence: string }[];
  readonly missing: readonly { readonly label: string; readonly department: string }[];
}

/** What the server says of a holder: masked, as she may show it to anybody. */
export interface Holding {
  readonly maskedName: string | null;
  readonly card: { readonly maskedNumber: string; readonly validUntil: string } | null;
  readonly entitlements: readonly Entitlement[];
}

export interface Pass {
  readonly pass: Bytes;
  readonly passUntil: number;
}

interface Bound {
  readonly residentId: string;
}

const PROOF_DOMAIN = fromAscii("sdc holder proof v1\0");
const HOLDER = `residentId maskedName card { maskedNumber validUntil }
  entitlements(language: $language) { programme title verdict criteria { sentence } missing { label department } }`;
const WHO = "{ viewer { residentId wards { residentId } } }";
const VIEWER = `query ($language: Language!) { viewer { ${HOLDER} } }`;
const WARDS = `query ($language: Language!) { viewer { wards { ${HOLDER} } } }`;
const BIND = `mutation ($input: BindCardInput!) { answer: bindCard(input: $input) {
  __typename ... on CardBound { residentId } ... on NotSignedIn { message }
  ... on BindingRefused { message } ... on WechatRefused { message } } }`;
const CHALLENGE = `mutation { answer: credentialChallenge {
  __typename ... on Challenge { challenge } ... on NotSignedIn { message } } }`;
const ISSUE = `mutation ($key: String!, $challenge: String!, $proof: String!, $resident: ID) {
  answer: issueCredential(holderKey: $key, challenge: $challenge, proof: $proof, residentId: $resident) {
  __typename ... on CredentialIssued { pass credential { expiresAt } } ... on NotSignedIn { message }
  ... on CredentialRefused { message } } }`;

/** A session of one person, whose card or whose ward's card is bound. */
export class Account {
  private readonly session: Session;
  private readonly person: Person;
  private readonly residentId: string;

  private constructor(session: Session, person: Person, residentId: string) {
    this.session = session;
    this.person = person;
    this.residentId = residentId;
  }

  /** Sign in, and bind the card where that was not done yet; throws Refused, ServerUnreachable. */
  static async open(person: Person): Promise<Account> {
    const session = new Session();
    await session.signIn(await loginCode(person));
    return new Account(session, person, (await boundId(session, person)) ?? (await bind(session, person)));
  }

  /** A pass for this phone's key. */
  async pass(key: SigningKey): Promise<Pass> {
    const { challenge } = await this.session.answer<{ challenge: string }>(CHALLENGE, {}, "Challenge");
    const proof = await sign(join(PROOF_DOMAIN, fromBase64url(challenge)), key);
    const issued = await this.session.answer<{ pass: string; credential: { expiresAt: string } }>(
      ISSUE,
      { key: toBase64url(key.public), challenge, proof: toBase64url(proof), resident: this.residentId },
      "CredentialIssued",
    );
    return { pass: fromBase64url(issued.pass), passUntil: Date.parse(issued.credential.expiresAt) };
  }

  async holding(language: Language): Promise<Holding> {
    const variables = { language: language === "en" ? "ENGLISH" : "CHINESE" };
    if (this.person.ward === null) {
      return (await this.session.query<{ viewer: Holding }>(VIEWER, variables)).viewer;
    }
    const { viewer } = await this.session.query<{ viewer: { wards: readonly (Holding & Bound)[] } }>(WARDS, variables);
    return viewer.wards.find((ward) => ward.residentId === this.residentId)!;
  }
}

async function boundId(session: Session, person: Person): Promise<string | null> {
  const { viewer } = await session.query<{ viewer: { residentId: string | null; wards: readonly Bound[] } }>(WHO);
  return person.ward === null ? viewer.residentId : (viewer.wards[0]?.residentId ?? null);
}

async function bind(session: Session, person: Person): Promise<string> {
  const input = { name: person.name, cardNumber: person.cardNumber, phoneCode: await phoneCode(person) };
  return (await session.answer<Bound>(BIND, { input }, "CardBound")).residentId;
}
