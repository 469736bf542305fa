rule train:
    input:
        inputs("train"),
    output:
        "results/{study}/models/{arm}/{run}/model.safetensors",
        "results/{study}/models/{arm}/{run}/history.csv",
        "results/{study}/models/{arm}/{run}/run.json",
        "results/{study}/models/{arm}/{run}/cost.json",
    log:
        "logs/train/{study}/{arm}/{run}.log",
    priority: 1  # the longest jobs first: none is left to run alone at the end
    conda:
        "../../envs/torch.yaml"
    threads: needs("train", "threads")
    resources:
        gpu=needs("train", "gpu"),
        mem_mb=needs("train", "mem_mb"),
        runtime=needs("train", "runtime"),
    params:
        digest=digest("train"),
    shell:
        "python -m elsewhere.drivers.gpu_slot {resources.gpu} python -m elsewhere train {wildcards.study} {wildcards.arm} {wildcards.run} --expect {params.digest} > {log} 2>&1"
