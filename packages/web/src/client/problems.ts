import type { Overview, Problem } from '../shape/overview.ts';
import { fill, h, part } from './dom.ts';
import { moment, plural } from './words.ts';

const WORDS = { broken: 'Broken', warning: 'Warning', note: 'Note' } as const;
/** Notes are no reason to look further down: they wait behind a heading. */
const isNote = ({ severity }: Problem): boolean => severity === 'note';

/** What is wrong, the worst first. */
export function showProblems({ problems, problemCount, examination }: Overview): void {
  const wrong = problems.filter((problem) => !isNote(problem));
  const notes = problems.filter(isNote);
  const section = part('problems', HTMLElement);
  const wereOpen = section.querySelector('details')?.open ?? false;
  const missing = problemCount - wrong.length;
  section.dataset['state'] = wrong[0]?.severity ?? 'fine';
  fill(
    section,
    h('h2', { id: 'problems-title' }, wrong.length === 0 ? 'No problem found' : plural(problemCount, 'problem')),
    wrong.length > 0 && h('ul', { class: 'problems' }, ...wrong.map(itemOf)),
    missing > 0 && h('p', { class: 'quiet' }, `${plural(missing, 'more', 'more')}: routed-plugin doctor shows them.`),
    notes.length > 0 &&
      h(
        'details',
        { open: wereOpen },
        h('summary', {}, plural(notes.length, 'note')),
        h('ul', { class: 'problems' }, ...notes.map(itemOf)),
      ),
    h('p', { class: 'quiet' }, ...examinationOf(examination)),
  );
}

function itemOf({ severity, check, found, why, remedy }: Problem): HTMLElement {
  return h(
    'li',
    { class: `problem ${severity}` },
    h('p', {}, h('strong', { class: 'tag' }, WORDS[severity]), ' ', found),
    why !== undefined && h('p', { class: 'quiet' }, `Why: ${why}`),
    remedy !== undefined && h('p', {}, `Do: ${remedy}`),
    check !== undefined && h('p', { class: 'quiet' }, 'Check: ', h('code', {}, check)),
  );
}

function examinationOf({ state, at, reason }: Overview['examination']): (Node | string)[] {
  if (state === 'running') return ['Doctor examines the host…'];
  if (state === 'failed') return [`Doctor could not examine the host: ${reason ?? 'it does not say why'}`];
  return ['Doctor examined the host at ', at === undefined ? 'an unknown time' : moment(at), '.'];
}
