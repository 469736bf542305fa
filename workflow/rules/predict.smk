rule predict:
    input:
        inputs("predict"),
    output:
        "results/{study}/cells/{arm}/{site}/predictions.parquet",
        "results/{study}/cells/{arm}/{site}/cost.json",
    log:
        "logs/predict/{study}/{arm}/{site}.log",
    conda:
        "../../envs/torch.yaml"
    threads: needs("predict", "threads")
    resources:
        gpu=needs("predict", "gpu"),
        mem_mb=needs("predict", "mem_mb"),
        runtime=needs("predict", "runtime"),
    params:
        digest=digest("predict"),
    shell:
        "python -m elsewhere.drivers.gpu_slot {resources.gpu} python -m elsewhere predict {wildcards.study} {wildcards.arm} {wildcards.site} --expect {params.digest} > {log} 2>&1"
