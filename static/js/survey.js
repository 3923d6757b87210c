// Saves every answer as it is given. What the server has not confirmed is kept on this device, so that an offline
// moment, a reload or a closed laptop loses nothing. Without this script a step is saved by its "Next" button.
(() => {
  const survey = document.querySelector("[data-survey]");
  if (!survey) return;

  const STORE = `survey:${survey.dataset.survey}:`;
  const TYPING_PAUSE = 700;
  const RETRY = { first: 1000, most: 20000 };
  const form = document.querySelector("[data-step]");
  const status = document.querySelector("[data-save-state]");

  // What the server keeps of this step, as far as this page knows: it comes anew with every reply.
  const kept = () => {
    const fields = document.querySelectorAll("#survey-kept [name^=initial-]");
    return new Map([...fields].map(({ name, value }) => [name.slice("initial-".length), value]));
  };
  const seen = (key) => document.querySelector(`#survey-kept [name="seen-${CSS.escape(key)}"]`);
  let known = kept();
  // What an earlier visit knew when it could not send an answer: who answered elsewhere since is not overruled unsaid.
  const seenBefore = new Map();

  // What the server has not confirmed, by question: {field name: value} of what was changed here, so that no tab undoes
  // what another one gave. Where the browser keeps none, this page's memory has to do.
  const pending = new Map();
  const stored = (action) => {
    try {
      return action(localStorage);
    } catch {
      return undefined;
    }
  };
  const keep = (key, values) => {
    pending.set(key, values);
    const knew = seenBefore.get(key) ?? seen(key)?.value;
    stored((store) => store.setItem(STORE + key, JSON.stringify({ ...values, [`seen-${key}`]: knew })));
  };
  const forget = (key) => {
    pending.delete(key);
    stored((store) => store.removeItem(STORE + key));
  };
  stored((store) => {
    for (const name of Object.keys(store)) {
      if (!name.startsWith(STORE)) continue;
      const key = name.slice(STORE.length);
      const { [`seen-${key}`]: knew, ...values } = JSON.parse(store.getItem(name));
      pending.set(key, values);
      if (knew !== undefined) seenBefore.set(key, knew);
    }
  });

  const fieldset = (key) => form && form.querySelector(`[data-question="${CSS.escape(key)}"]`);

  const fill = (element, values) => {
    for (const field of element.querySelectorAll("input, textarea")) {
      const value = values[field.name];
      if (value === undefined) continue;
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
      if (field.type !== "radio" && value) field.closest("details").open = true;
    }
  };

  // What another tab or device has changed since is shown, but for what was changed here as well and goes out next.
  const takeUpNewest = (carried = {}) => {
    const newest = kept();
    for (const [name, value] of newest) {
      if (value === known.get(name) || name in carried) continue;
      const element = form.querySelector(`[name="${CSS.escape(name)}"]`).closest("[data-question]");
      const { question } = element.dataset;
      if (!(name in (pending.get(question) ?? {}))) fill(element, { [name]: value });
      const { time } = seen(question).dataset;
      element.querySelector(".question-elsewhere").textContent = status.dataset.elsewhere.replace("{time}", time);
    }
    known = newest;
  };

  const show = (state) => {
    status.dataset.state = state;
    const text = status.dataset[state];
    if (status.textContent !== text) status.textContent = text;
  };

  const showSaving = () => status.dataset.state === "offline" || show("saving");

  // Sending
  const FINAL = [400, 404, 409, 413, 415];
  const refused = new Set();
  let retryTimer;
  let retryDelay = RETRY.first;
  let leaveWhenSaved = false;

  // One request at a time, in order; a key that waits goes out with what is newest then. htmx's own queue would leave
  // the failure of a request that had waited to nobody.
  let underway = Promise.resolve();
  const request = (key) => {
    if (!pending.has(key)) return undefined;
    showSaving();
    const element = fieldset(key);
    const options = element
      ? { source: element, target: element.querySelector(".question-feedback"), swap: "innerHTML" }
      : { source: survey, swap: "none", values: { question: key } };
    return htmx.ajax("POST", survey.dataset.answerUrl, options).catch(() => {}); // What failed is told by htmx:afterRequest.
  };

  const send = (key) => {
    underway = underway.then(() => request(key));
  };

  const sendAll = () => {
    clearTimeout(retryTimer);
    retryTimer = undefined;
    [...pending.keys()].filter((key) => !refused.has(key)).forEach(send);
  };

  const retryLater = () => {
    if (retryTimer) return;
    retryTimer = setTimeout(sendAll, retryDelay);
    retryDelay = Math.min(retryDelay * 2, RETRY.most);
  };

  const leave = () => {
    const amiss = [...refused].map(fieldset).find(Boolean);
    if (!amiss) location.assign(form.dataset.step);
    else amiss.scrollIntoView();
    leaveWhenSaved = false;
  };

  const settle = () => {
    if ([...pending.keys()].some((key) => !refused.has(key))) return;
    show(refused.size ? "refused" : "saved");
    if (leaveWhenSaved) leave();
    else if (!form && !pending.size) location.reload();
  };

  document.body.addEventListener("htmx:configRequest", (event) => {
    const { elt, formData } = event.detail;
    const key = elt.dataset.question ?? formData.get("question");
    for (const name of [...formData.keys()]) formData.delete(name);
    event.detail.carried = pending.get(key);
    const values = { question: key, response: survey.dataset.survey, ...event.detail.carried };
    const knew = seenBefore.get(key) ?? seen(key)?.value;
    if (knew !== undefined) values[`seen-${key}`] = knew;
    for (const [name, value] of Object.entries(values)) formData.set(name, value);
  });

  document.body.addEventListener("htmx:afterRequest", (event) => {
    const { carried, formData } = event.detail.requestConfig;
    const key = formData.get("question");
    const code = event.detail.xhr.status;
    const newest = pending.get(key) === carried;
    refused.delete(key);
    takeUpNewest(carried);
    if (event.detail.successful) {
      if (newest) forget(key);
      seenBefore.delete(key);
      retryDelay = RETRY.first;
    } else if (code >= 400 && code < 500) {
      // What can never be saved is not kept for a later visit, where it would be sent without a word.
      if (newest) refused.add(key);
      if (newest && FINAL.includes(code)) forget(key);
    } else {
      show("offline");
      retryLater();
      return;
    }
    settle();
  });

  // The review has no progress to update in place; it is loaded again once all is sent.
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (!form) event.detail.shouldSwap = false;
  });

  // What the reply asks for beside the choice, such as the reason for a choice that does not count, is there to be filled.
  document.body.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.querySelector?.("[data-opens-details]")) event.target.closest("[data-question]").querySelector("details").open = true;
  });

  window.addEventListener("online", sendAll);

  // On a narrow screen the steps scroll; the current one stays in sight, also after they come anew with an answer.
  const showStep = () => {
    const steps = document.querySelector(".survey-steps");
    const current = steps && steps.querySelector("[aria-current]");
    if (current) steps.scrollLeft = current.offsetLeft - (steps.clientWidth - current.offsetWidth) / 2;
  };
  document.body.addEventListener("htmx:oobAfterSwap", showStep);
  showStep();

  // Answering
  let typing;
  const changed = (element) => {
    clearTimeout(typing);
    const key = element.closest("[data-question]").dataset.question;
    keep(key, { ...pending.get(key), [element.name]: element.value });
    showSaving();
    return key;
  };

  const answerAsLastTime = () => {
    for (const element of form.querySelectorAll("[data-last-choice]")) {
      if (element.querySelector("[type=radio]:checked")) continue;
      const key = element.dataset.question;
      const values = { [`${key}-choice`]: element.dataset.lastChoice };
      for (const part of ["note", "evidence_url"]) {
        const name = `${key}-${part}`;
        const last = element.getAttribute(`data-last-${part}`);
        if (last && !element.querySelector(`[name="${CSS.escape(name)}"]`).value) values[name] = last;
      }
      fill(element, values);
      keep(key, { ...pending.get(key), ...values });
      send(key);
    }
  };

  // A proposal is confirmed by its button or by any choice; then it is out of the way.
  const settleProposal = (element) => {
    delete element.dataset.proposedChoice;
    element.querySelector(".proposed-answer")?.remove();
    if (!form.querySelector("[data-proposed-choice]")) document.querySelector("[data-confirm-all]")?.remove();
  };

  const confirmProposals = (elements) => {
    for (const element of elements) {
      const { question, proposedChoice } = element.dataset;
      if (proposedChoice === undefined) continue;
      const values = { [`${question}-choice`]: proposedChoice };
      fill(element, values);
      keep(question, { ...pending.get(question), ...values });
      settleProposal(element);
      send(question);
      element.querySelector("[type=radio]:checked").focus({ preventScroll: true });
    }
  };

  if (form) {
    form.addEventListener("input", (event) => {
      if (event.target.type === "radio") return;
      const key = changed(event.target);
      typing = setTimeout(() => send(key), TYPING_PAUSE);
    });
    form.addEventListener("change", (event) => {
      if (event.target.type === "radio") settleProposal(event.target.closest("[data-question]"));
      send(changed(event.target));
    });

    form.addEventListener("keydown", (event) => {
      if (event.target.matches("textarea, [type=url]") || event.ctrlKey || event.metaKey || event.altKey) return;
      const question = event.target.closest("[data-question]");
      const choice = question && question.querySelectorAll("[type=radio]")[Number(event.key) - 1];
      if (!choice) return;
      event.preventDefault();
      choice.focus();
      choice.click();
    });

    // Leaving for the next step needs the server; while it cannot be reached the page stays, with all answers. Only a
    // request tells whether it can, so that one question is saved again.
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (event.submitter?.name === "as_last_time") {
        answerAsLastTime();
        event.submitter.closest(".card").hidden = true;
        return;
      }
      if (event.submitter?.name === "confirm") {
        const key = event.submitter.value;
        confirmProposals(key ? [fieldset(key)] : form.querySelectorAll("[data-proposed-choice]"));
        return;
      }
      leaveWhenSaved = true;
      refused.clear();
      const { question } = form.querySelector("[data-question]").dataset;
      keep(question, { ...pending.get(question) });
      sendAll();
    });
  }

  // Take up what was chosen or typed while the page was loading.
  for (const field of form?.querySelectorAll("[data-question] :is([type=radio]:checked, [type=url], textarea)") ?? []) {
    const key = field.closest("[data-question]").dataset.question;
    if (field.value === known.get(field.name) || field.ariaInvalid || field.name in (pending.get(key) ?? {})) continue;
    changed(field);
  }

  // Take up what an earlier visit could not send.
  for (const [key, values] of pending) {
    const element = fieldset(key);
    if (element) fill(element, values);
  }
  if (pending.size) document.addEventListener("DOMContentLoaded", sendAll, { once: true });
  else show("saved");
})();
