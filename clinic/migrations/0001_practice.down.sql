DROP TABLE document, diagnosis, consultation, patient, practitioner, practice;
