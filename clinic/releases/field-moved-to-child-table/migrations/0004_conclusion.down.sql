UPDATE consultation SET conclusion = conclusion.text
FROM conclusion WHERE conclusion.consultation_id = consultation.id;
DROP TABLE conclusion;
