/** What neither manifests nor tags know: with the table it is gone. `records` are the beginnings of its keys. */
export const ONLY_THE_TABLE: readonly { what: string; todo: string; records: readonly string[] }[] = [
  {
    what: 'whether each point was verified, rehearsed or found bad, and how long it took to make',
    todo: 'verify the newest first; rehearsals prove it again',
    records: ['POINT'],
  },
  {
    what: 'points that failed or that retention deleted',
    todo: 'nothing: there is nothing of them to restore',
    records: ['POINT'],
  },
  {
    what: 'records of rehearsals, which say how long a restore takes',
    todo: 'rehearse; until then `restore` knows no time',
    records: ['EVIDENCE'],
  },
  {
    what: 'runs, and requests to cancel them',
    todo: 'nothing: what is due counts from the first look of the watch',
    records: ['RUN', 'CANCEL'],
  },
  { what: 'open findings', todo: 'the watch raises what still holds, as new', records: ['FINDING'] },
  { what: 'acknowledgements', todo: 'acknowledge again', records: ['ACK'] },
  {
    what: 'the timeline and what was sent as alerts',
    todo: 'your mailbox has the alerts',
    records: ['TIMELINE'],
  },
  {
    what: 'emergency restores: their records, answers and locks',
    todo: 'before you begin one, make sure that none is under way; what one made is tagged understudy:restore',
    records: ['RESTORE', 'LOCK', 'ANSWER'],
  },
  {
    what: 'scratch instances, and the hours that they ran this month',
    todo: 'the watch finds those left over by their tags; the month counts from nothing',
    records: ['SCRATCH', 'POLICY'],
  },
  {
    what: 'since when each schedule is owed, which instance the source was, its last heartbeat, and waits for news of AWS',
    todo: 'the watch records them anew; an instance that was replaced meanwhile is taken for the old one',
    records: ['STATUS', 'WAIT'],
  },
];
