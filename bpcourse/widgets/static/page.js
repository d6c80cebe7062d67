// Writing into a page: what stays as it is costs nothing, and words take the place of words.

const put = (text, now) => {
  if (text.data !== now) text.data = now;
};
export const write = (target, now) => put(target.firstChild ?? target.appendChild(new Text()), now);
export const tag = (target, name, now) => {
  if (target.getAttribute(name) !== String(now)) target.setAttribute(name, now);
};
export const hide = (target, now) => {
  if (target.hidden !== now) target.hidden = now;
};
// HTML with {names} in its words; what is returned takes these words, one by one, to what they are now.
export const blanks = (target, html) => {
  target.innerHTML = html;
  const walk = document.createTreeWalker(target, NodeFilter.SHOW_TEXT),
    found = [];
  while (walk.nextNode())
    if (walk.currentNode.data.includes("{")) found.push([walk.currentNode, walk.currentNode.data]);
  return (now) => found.forEach(([text, template]) => put(text, now(template)));
};
