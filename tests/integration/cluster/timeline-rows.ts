import { createConnection, type RowDataPacket } from 'mysql2/promise';

export interface TimelineRow extends RowDataPacket {
  conversation_id: string;
  seq: number;
  sender_id: string;
  msg_id: string;
  content: string;
}

/** What MySQL holds of each conversation, in the order of the numbers. */
export async function readTimeline(mysqlUrl: string): Promise<Map<string, TimelineRow[]>> {
  const connection = await createConnection(mysqlUrl);
  try {
    const [rows] = await connection.query<TimelineRow[]>(
      'SELECT conversation_id, seq, sender_id, msg_id, content FROM timeline_message ORDER BY conversation_id, seq',
    );
    return Map.groupBy(rows, (row) => row.conversation_id);
  } finally {
    await connection.end();
  }
}
