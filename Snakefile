# Table of contents: params, rules, targets. `snakemake -j8`; one study: `snakemake -j8 results/nguyen2021/report.html`.
import sys

sys.path.insert(0, "src")


include: "workflow/rules/common.smk"


rule all:
    default_target: True
    input:
        expand("results/{study}/report.html", study=PARAMS.run),


include: "workflow/rules/ingest.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/audit.smk"
include: "workflow/rules/split.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/predict.smk"
include: "workflow/rules/explain.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/figure.smk"
