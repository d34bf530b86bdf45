DROP TABLE note_index;
