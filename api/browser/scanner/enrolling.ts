// The form with which a technician ties this browser to a place: one code, and a sentence for each way it can fail.

import { ServerRefused, ServerUnreachable } from "../card/client.ts";
import { Device } from "../card/device.ts";
import { splitEnrolmentCode } from "../card/enrolment.ts";
import { CredentialRefused } from "../card/refusal.ts";
import { type Storage, StorageUnavailable } from "../card/storage.ts";
import { element, told } from "../view/language.ts";
import { SCANNER } from "../view/messages.ts";
import { showProblem } from "../view/page.ts";

/** Show the form until a device is enrolled with it. */
export function enrolled(storage: Storage): Promise<Device> {
  const form = element<HTMLFormElement>("enrolment");
  form.hidden = false;
  return new Promise((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      showProblem(null);
      void enrol(storage, element<HTMLTextAreaElement>("code").value).then((result) => {
        if (typeof result === "string") {
          showProblem(result);
          return;
        }
        form.hidden = true;
        resolve(result);
      });
    });
  });
}

/** The device, or the sentence that says why there is none. */
async function enrol(storage: Storage, typed: string): Promise<Device | string> {
  const code = splitEnrolmentCode(typed);
  if (code === null) return told(SCANNER.enrolWrong);
  try {
    return await Device.enrol(storage, code);
  } catch (error) {
    if (error instanceof ServerRefused) return error.message;
    if (error instanceof ServerUnreachable) return told(SCANNER.away);
    if (error instanceof CredentialRefused) return told(SCANNER.enrolForeign);
    if (error instanceof StorageUnavailable) return told(SCANNER.storage);
    throw error;
  }
}
