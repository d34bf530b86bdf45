"""Names and notes of the seed."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_NAMES = (
    "Anna", "Élodie", "Thomas", "Inès", "Louis", "Margaux", "Yanis", "Chloé", "Hugo", "Fatima",
    "Arthur", "Zoé", "Gaël", "Léa", "Oscar", "Maëlys", "Noah", "Jeanne", "Victor",
)  # fmt: skip
LAST_NAMES = (
    "Mason", "Lefèvre", "O’Brien", "Garnier", "Nguyen", "Benali", "Rousseau", "Weber", "Moreau",
    "Dupont-Haÿ", "Santos", "Kowalski", "Barbier", "Ferrand", "Lambert", "Mercier", "Fontaine",
)  # fmt: skip


@dataclass(frozen=True)
class Note:
    """One consultation that existed before anybody signed in."""

    texts: tuple[str | None, str | None, str | None, str | None]
    code: str
    label: str


PRESCRIPTION = "Paracétamol 1 g, 3 × par jour, 5 jours\nRepos, hydratation\n"
NOTES = (
    Note(
        (
            "Toux depuis 5 jours",
            "Fièvre à 38,5 °C le premier soir.\nPas d’antécédent respiratoire.",
            "SpO₂ 97 %, TA <140/90, auscultation claire.",
            "Infection virale, surveillance 48 h.",
        ),
        "J06.9",
        "Acute upper respiratory infection",
    ),
    Note(
        (
            "Annual check",
            "Non-smoker. Walks 30 min a day.\n\nSleeps well.",
            "BP 128/78, pulse 64, BMI 24.1",
            "No change; next visit in 12 months.",
        ),
        "Z00.0",
        "General examination",
    ),
    Note(
        (
            "Lombalgie",
            "Port de charge hier matin ; douleur ≥ 6/10, pas d’irradiation.",
            "Contracture paravertébrale, Lasègue négatif.",
            "Antalgique palier 1, réévaluation à J7 → kiné si besoin.",
        ),
        "M54.5",
        "Low back pain",
    ),
    Note(
        (
            "Results of 12 May",
            "CRP <5 mg/L, ferritin 18 µg/L, TSH 2,1.",
            "Pale conjunctivae, otherwise normal.",
            "Iron for 3 months, control before summer.",
        ),
        "D50.9",
        "Iron deficiency anaemia",
    ),
    Note(
        ("Vaccination", "Rappel dTP à jour ?", "", None),
        "Z23",
        "Immunization",
    ),
    Note(
        (
            "Eczéma, coudes",
            "= déjà traité en 2021 (« bien toléré »)",
            "Plaques érythémateuses ½ paume, pas de surinfection.",
            "Dermocorticoïde 10 jours, émollient.",
        ),
        "L20.9",
        "Atopic dermatitis",
    ),
)
