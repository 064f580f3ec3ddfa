// How an enrolled scanner says who it is: a JWT as RFC 7523 has it, signed with the scanner's own key.

import { fromAscii, random, toBase64url } from "./bytes.ts";
import { sign, type SigningKey } from "./cose.ts";

const LIFETIME_SECONDS = 300;
const JTI_BYTES = 16;

/** A JWT good for five minutes from `at`; `kid`, `iss` and `sub` are the device's id. */
export async function signAssertion(deviceId: string, key: SigningKey, at: number): Promise<string> {
  const issued = Math.floor(at / 1_000);
  const header = { alg: "EdDSA", kid: deviceId, typ: "JWT" };
  const claims = {
    iss: deviceId,
    sub: deviceId,
    aud: "sdc",
    iat: issued,
    exp: issued + LIFETIME_SECONDS,
    jti: toBase64url(random(JTI_BYTES)),
  };
  const signed = [header, claims].map((part) => toBase64url(fromAscii(JSON.stringify(part)))).join(".");
  return `${signed}.${toBase64url(await sign(fromAscii(signed), key))}`;
}
