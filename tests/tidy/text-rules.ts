import type { Problem, Rule } from './source.ts';

/** Written so that the rule does not find itself. */
const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b`, 'g');

/** What is not done is not promised in the code: it is done, or written down where work is planned. */
export const nothingUnfinished: Rule = ({ text }) =>
  [...text.matchAll(UNFINISHED)].map((match) => ({ at: match.index, what: `${match[0]} was left behind` }));

/** Folders of people. */
const HOMES = /(?<![\w./])\/(?:home|Users|root)\/[\w.-]+|\b[A-Z]:\\Users\\/g;

/** No file tells where somebody keeps the project: in a home, or in one of `folders`. */
export function noPathOf(folders: string[]): Rule {
  const telling = folders.filter(isTelling);
  return ({ text }) => {
    const problems: Problem[] = [...text.matchAll(HOMES)].map((match) => ({
      at: match.index,
      what: `${match[0]} is a path of one machine`,
    }));
    for (const folder of telling) {
      const at = text.indexOf(folder);
      if (at >= 0) problems.push({ at, what: `${folder} is a path of this machine` });
    }
    return problems;
  };
}

/** One name alone, as `/app` in a container, is nobody's own folder. */
function isTelling(folder: string): boolean {
  return folder.split('/').filter(Boolean).length > 1;
}
