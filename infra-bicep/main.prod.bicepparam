// One that is relied upon. Copy it, and fill in who is told, who reads and who holds the keys.
using 'main.bicep'

param environmentName = 'prod'
param org = 'example'
param operatorOrg = 'example-operator'
param zoneRedundant = true
param deleteLock = true

param cosmosCapacity = 'autoscale'
param cosmosMaxThroughput = 4000
param cosmosBackupTier = 'Continuous30Days'

param maximumInstanceCount = 100
param alwaysReady = [
  { name: 'http', instanceCount: 2 }
]

param siems = [
  { name: 'sentinel' }
  { name: 'splunk' }
]
param eventHubsCapacity = 1
param eventHubsMaxThroughputUnits = 10
param eventHubPartitionCount = 8
param eventHubRetentionInHours = 168

param archiveSku = 'Standard_GZRS'
param archiveRetentionInDays = 2555

param logRetentionInDays = 90
param alertEmails = []
param keyOfficerPrincipalIds = []
param auditorPrincipalIds = []
