// In the page before anything else: how long a key press waits for its picture.
// `felt.keys`: [step, milliseconds from the press to the picture after it].
(() => {
  const felt = { step: "", keys: [], slow: [], long: [] };
  window.felt = felt;

  function afterPicture(job) {
    requestAnimationFrame(() => {
      const channel = new MessageChannel(); // its message comes when the picture was made
      channel.port1.onmessage = job;
      channel.port2.postMessage(0);
    });
  }

  // What is pressed next is counted as a step; `felt.answered` waits for its picture.
  felt.begin = (step) => {
    felt.step = step;
    felt.answered = new Promise((done) => (felt.tell = done));
  };
  addEventListener("keydown", (event) => {
    if (!felt.step || event.key === "Alt" || event.key === "Control") return;
    const { step, tell } = felt;
    felt.pressed = event.timeStamp;
    afterPicture(() => {
      felt.keys.push([step, performance.now() - event.timeStamp]);
      tell();
    });
  }, true);

  const watch = (type, keep, more) =>
    new PerformanceObserver((list) => list.getEntries().forEach(keep)).observe({ type, buffered: true, ...more });
  // What Chromium itself tells of slow presses, in steps of 8 ms; quicker ones than 16 are not told.
  watch("event", (one) => {
    if (felt.step && one.name === "keydown") felt.slow.push([felt.step, one.duration]);
  }, { durationThreshold: 16 });
  watch("longtask", (one) => felt.step && felt.long.push([felt.step, one.duration]));

  // The time of the last press until what `selector` names is in a picture, holding `text`.
  felt.until = (selector, text) => new Promise((done, failed) => {
    const look = () => {
      const found = [...document.querySelectorAll(selector)].some((one) => one.textContent.includes(text));
      if (found) afterPicture(() => done(performance.now() - felt.pressed));
      else if (performance.now() - felt.pressed > 30_000) failed(new Error(`${felt.step}: no ${selector} with "${text}" in 30 s`));
      else requestAnimationFrame(look);
    };
    look();
  });

  // Since the page was asked for, until somebody's conversations are in a picture.
  felt.useful = new Promise((done) => {
    const look = () => {
      if (document.querySelector("[data-test=card]")) afterPicture(() => done(performance.now()));
      else requestAnimationFrame(look);
    };
    look();
  });
})();
