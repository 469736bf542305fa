rule split:
    input:
        split_inputs,
    output:
        "results/{study}/splits/{site}.csv",
        "results/{study}/splits/{site}.gate.json",
    log:
        "logs/split/{study}/{site}.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=needs("split", "mem_mb"),
        runtime=needs("split", "runtime"),
    params:
        digest=digest("split"),
    shell:
        "python -m elsewhere split {wildcards.study} {wildcards.site} --expect {params.digest} > {log} 2>&1"
