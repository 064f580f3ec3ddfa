// Asks the server in GraphQL, in the session of the person who is played; a refusal is the server's own sentence.

const TIMEOUT_MS = 10_000;

/** No answer, or none of this service. */
export class ServerUnreachable extends Error {}

/** The server refused; the message is its own sentence. */
export class Refused extends Error {}

type Answer = { readonly __typename: string; readonly message?: string };

export class Session {
  private token: string | null = null;

  /** Begin a session with a code of wx.login. */
  async signIn(code: string): Promise<void> {
    const session = await this.answer<{ accessToken: string }>(SIGN_IN, { code }, "Session");
    this.token = session.accessToken;
  }

  async query<T>(document: string, variables: Record<string, unknown> = {}): Promise<T> {
    const headers = this.token === null ? {} : { Authorization: `Bearer ${this.token}` };
    const answer = (await postJson("/graphql", { query: document, variables }, headers)) as {
      data?: T;
      errors?: readonly { message: string }[];
    };
    const [error] = answer.errors ?? [];
    if (error !== undefined) throw new Refused(error.message);
    if (answer.data === undefined) throw new ServerUnreachable("an answer of another kind");
    return answer.data;
  }

  /** The field `answer` of a mutation, which is to be of the type expected. */
  async answer<T>(document: string, variables: Record<string, unknown>, expected: string): Promise<T> {
    const { answer } = await this.query<{ answer: Answer }>(document, variables);
    if (answer.__typename !== expected) throw new Refused(answer.message ?? answer.__typename);
    return answer as T;
  }
}

const SIGN_IN = `mutation ($code: String!) { answer: signInWithWechat(code: $code) {
  __typename ... on Session { accessToken } ... on WechatRefused { message } } }`;

/** Any JSON that the server answers a POST with. */
export async function postJson(path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (answer.status < 500) return await answer.json();
  } catch (error) {
    throw new ServerUnreachable("no answer", { cause: error });
  }
  throw new ServerUnreachable("the server cannot answer now");
}
