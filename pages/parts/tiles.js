// Draws the tiles that Python sends and reports the number of the one that is opened. Called again on each rerun.
export default function ({ data, parentElement, setTriggerValue }) {
  let shelf = parentElement.querySelector(".shelf");
  if (!shelf) {
    shelf = document.createElement("div");
    shelf.className = "shelf";
    parentElement.appendChild(shelf);
  }
  shelf.replaceChildren(
    ...data.map((tile) => {
      const button = document.createElement("button");
      button.setAttribute("aria-label", tile.name);
      button.title = tile.name;
      button.dataset.number = tile.number;
      const image = document.createElement("img");
      image.src = tile.src;
      image.alt = "";
      const line = document.createElement("span");
      line.className = "line";
      const score = document.createElement("span");
      score.textContent = tile.score;
      const sign = document.createElement("span");
      sign.className = `sign ${tile.tone}`;
      sign.textContent = tile.sign;
      line.append(score, sign);
      button.append(image, line);
      button.onclick = () => setTriggerValue("open", tile.number);
      return button;
    }),
  );
}
