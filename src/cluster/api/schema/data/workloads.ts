/** Workloads: apps, batch, scaling, eviction, in the notation of {@link ../parse.ts}: names, types and numbers of the published API, version 1.32. */
import type { Package } from "../model.ts";

/** See the head of this file. */
export const workloads: readonly Package[] = [
  {
    name: "io.k8s.api.apps.v1",
    definitions: {
      Deployment:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec:DeploymentSpec 3.status:DeploymentStatus",
      DeploymentSpec: `
        1.replicas*:int 2.selector!:LabelSelector 3.template!:PodTemplateSpec
        4.strategy:DeploymentStrategy 5.minReadySeconds:int 6.revisionHistoryLimit*:int
        7.paused:bool 9.progressDeadlineSeconds*:int
      `,
      DeploymentStrategy: "1.type 2.rollingUpdate:RollingUpdateDeployment",
      RollingUpdateDeployment: "1.maxUnavailable*:intstr 2.maxSurge*:intstr",
      DeploymentStatus: `
        1.observedGeneration:int 2.replicas:int 3.updatedReplicas:int 7.readyReplicas:int
        4.availableReplicas:int 5.unavailableReplicas:int 6.conditions:[type]DeploymentCondition
        8.collisionCount*:int
      `,
      DeploymentCondition:
        "1.type! 2.status! 6.lastUpdateTime:time 7.lastTransitionTime:time 4.reason 5.message",
      ReplicaSet:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec:ReplicaSetSpec 3.status:ReplicaSetStatus",
      ReplicaSetSpec:
        "1.replicas*:int 4.minReadySeconds:int 2.selector!:LabelSelector 3.template:PodTemplateSpec",
      ReplicaSetStatus: `
        1.replicas!:int 2.fullyLabeledReplicas:int 4.readyReplicas:int 5.availableReplicas:int
        3.observedGeneration:int 6.conditions:[type]ReplicaSetCondition
      `,
      ReplicaSetCondition: "1.type! 2.status! 3.lastTransitionTime:time 4.reason 5.message",
      StatefulSet:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec:StatefulSetSpec 3.status:StatefulSetStatus",
      StatefulSetSpec: `
        1.replicas*:int 2.selector!:LabelSelector 3.template!:PodTemplateSpec
        4.volumeClaimTemplates:[]PersistentVolumeClaim 5.serviceName! 6.podManagementPolicy
        7.updateStrategy:StatefulSetUpdateStrategy 8.revisionHistoryLimit*:int 9.minReadySeconds:int
        10.persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy
        11.ordinals:StatefulSetOrdinals
      `,
      StatefulSetUpdateStrategy: "1.type 2.rollingUpdate:RollingUpdateStatefulSetStrategy",
      RollingUpdateStatefulSetStrategy: "1.partition*:int 2.maxUnavailable*:intstr",
      StatefulSetPersistentVolumeClaimRetentionPolicy: "1.whenDeleted 2.whenScaled",
      StatefulSetOrdinals: "1.start!:int",
      StatefulSetStatus: `
        1.observedGeneration:int 2.replicas!:int 3.readyReplicas:int 4.currentReplicas:int
        5.updatedReplicas:int 6.currentRevision 7.updateRevision 9.collisionCount*:int
        10.conditions:[type]StatefulSetCondition 11.availableReplicas!:int
      `,
      StatefulSetCondition: "1.type! 2.status! 3.lastTransitionTime:time 4.reason 5.message",
      DaemonSet:
        "apiVersion kind 1.metadata:ObjectMeta 2.spec:DaemonSetSpec 3.status:DaemonSetStatus",
      DaemonSetSpec: `
        1.selector!:LabelSelector 2.template!:PodTemplateSpec
        3.updateStrategy:DaemonSetUpdateStrategy 4.minReadySeconds:int 6.revisionHistoryLimit*:int
      `,
      DaemonSetUpdateStrategy: "1.type 2.rollingUpdate:RollingUpdateDaemonSet",
      RollingUpdateDaemonSet: "1.maxUnavailable*:intstr 2.maxSurge*:intstr",
      DaemonSetStatus: `
        1.currentNumberScheduled!:int 2.numberMisscheduled!:int 3.desiredNumberScheduled!:int
        4.numberReady!:int 5.observedGeneration:int 6.updatedNumberScheduled:int
        7.numberAvailable:int 8.numberUnavailable:int 9.collisionCount*:int
        10.conditions:[type]DaemonSetCondition
      `,
      DaemonSetCondition: "1.type! 2.status! 3.lastTransitionTime:time 4.reason 5.message",
    },
  },
  {
    name: "io.k8s.api.batch.v1",
    definitions: {
      Job: "apiVersion kind 1.metadata:ObjectMeta 2.spec:JobSpec 3.status:JobStatus",
      JobSpec: `
        1.parallelism*:int 2.completions*:int 3.activeDeadlineSeconds*:int
        11.podFailurePolicy:PodFailurePolicy 16.successPolicy:SuccessPolicy 7.backoffLimit*:int
        12.backoffLimitPerIndex*:int 13.maxFailedIndexes*:int 4.selector:LabelSelector
        5.manualSelector*:bool 6.template!:PodTemplateSpec 8.ttlSecondsAfterFinished*:int
        9.completionMode* 10.suspend*:bool 14.podReplacementPolicy* 15.managedBy*
      `,
      PodFailurePolicy: "1.rules!:[]PodFailurePolicyRule",
      PodFailurePolicyRule: `
        1.action! 2.onExitCodes:PodFailurePolicyOnExitCodesRequirement
        3.onPodConditions:[]PodFailurePolicyOnPodConditionsPattern
      `,
      PodFailurePolicyOnExitCodesRequirement: "1.containerName* 2.operator! 3.values!:[*]int",
      PodFailurePolicyOnPodConditionsPattern: "1.type! 2.status!",
      SuccessPolicy: "1.rules!:[]SuccessPolicyRule",
      SuccessPolicyRule: "1.succeededIndexes* 2.succeededCount*:int",
      JobStatus: `
        1.conditions:[type]JobCondition 2.startTime*:time 3.completionTime*:time 4.active:int
        5.succeeded:int 6.failed:int 11.terminating*:int 7.completedIndexes 10.failedIndexes*
        8.uncountedTerminatedPods:UncountedTerminatedPods 9.ready*:int
      `,
      JobCondition:
        "1.type! 2.status! 3.lastProbeTime:time 4.lastTransitionTime:time 5.reason 6.message",
      UncountedTerminatedPods: "1.succeeded:[*]string 2.failed:[*]string",
    },
  },
  {
    name: "io.k8s.api.policy.v1",
    definitions: {
      Eviction: "apiVersion kind 1.metadata:ObjectMeta 2.deleteOptions:DeleteOptions",
    },
  },
  {
    name: "io.k8s.api.autoscaling.v1",
    definitions: {
      Scale: "apiVersion kind 1.metadata:ObjectMeta 2.spec:ScaleSpec 3.status:ScaleStatus",
      ScaleSpec: "1.replicas:int",
      ScaleStatus: "1.replicas!:int 2.selector",
    },
  },
];
