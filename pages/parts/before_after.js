// Moves the line between two pictures. Called again on each rerun; the range keeps its value on the node.
export default function ({ data, parentElement }) {
  const pair = parentElement.querySelector(".pair");
  const range = pair.querySelector("input");
  pair.querySelector(".before").src = data.before;
  pair.querySelector(".after").src = data.after;
  range.setAttribute("aria-label", data.label);
  range.oninput = () => {
    const at = Number(range.value);
    pair.style.setProperty("--at", `${at}%`);
    pair.classList.toggle("early", at < 25);
    pair.classList.toggle("late", at > 70);
    range.setAttribute("aria-valuetext", `image ${at} %, as it would be if it were normal ${100 - at} %`);
  };
  range.onkeydown = (event) => event.stopPropagation(); // arrow keys turn the page's images elsewhere
  range.oninput();
}
