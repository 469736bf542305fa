# Table of contents: params, rules, targets. `snakemake -j8`; one study: `snakemake -j8 results/nguyen2021/report.html`.
import sys

sys.path.insert(0, "src")


include: "workflow/rules/common.smk"


rule all:
    default_target: True
    input:
        reports,


for STEP in STEPS:

    include: f"workflow/rules/{STEP}.smk"
