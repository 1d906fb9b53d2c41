metadata description = 'Alert rules and whom they tell. What each means and what to do: docs/operating.md.'

@description('Beginning of the rules\' names.')
param namePrefix string

@description('Region.')
param location string

@description('Tags on everything.')
param tags object

@description('Resource id of the Log Analytics workspace that the rules query.')
param workspaceId string

@description('Resource id of the Cosmos DB account.')
param cosmosId string

@description('Resource id of the Event Hubs namespace.')
param eventHubsId string

@description('Whom to tell by mail. None: alerts are in the portal only.')
param emails string[]

@description('Action groups there are already, by resource id.')
param actionGroupIds string[]

// One entry for each rule; a test holds each query to the metrics that the code has, and each rule to the runbook.
var rules = loadJsonContent('alerts.json')

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(emails)) {
  name: '${namePrefix}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'certfn'
    enabled: true
    emailReceivers: [
      for (email, i) in emails: {
        name: 'person-${i}'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

var told = concat(actionGroupIds, empty(emails) ? [] : [people.id])

resource onLogs 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${namePrefix}-${rule.id}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'CertFunctions: ${rule.title}'
      description: '${rule.description} See docs/operating.md, "${rule.title}".'
      severity: rule.severity
      enabled: true
      scopes: [
        workspaceId
      ]
      evaluationFrequency: rule.every
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: rule.periods
              minFailingPeriodsToAlert: rule.periods
            }
          }
        ]
      }
      autoMitigate: true
      // A workspace that has seen no data yet would refuse the query.
      skipQueryValidation: true
      actions: {
        actionGroups: told
      }
    }
  }
]

resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}-cosmos-throttling'
  location: 'global'
  tags: tags
  properties: {
    description: 'Cosmos DB refuses requests because the throughput is used up. See docs/operating.md, "Cosmos DB throttling".'
    severity: 2
    enabled: true
    scopes: [
      cosmosId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'refused'
          metricNamespace: 'Microsoft.DocumentDB/databaseAccounts'
          metricName: 'TotalRequests'
          dimensions: [
            {
              name: 'StatusCode'
              operator: 'Include'
              values: [
                '429'
              ]
            }
          ]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          // The SDK asks again by itself: a few are the price of running close to the limit.
          threshold: 200
        }
      ]
    }
    autoMitigate: true
    actions: [
      for group in told: {
        actionGroupId: group
      }
    ]
  }
}

resource hubThrottled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${namePrefix}-event-hubs-throttling'
  location: 'global'
  tags: tags
  properties: {
    description: 'Event Hubs refuses messages because the throughput units are used up. See docs/operating.md, "Event Hubs throttling".'
    severity: 3
    enabled: true
    scopes: [
      eventHubsId
    ]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'refused'
          metricNamespace: 'Microsoft.EventHub/namespaces'
          metricName: 'ThrottledRequests'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 100
        }
      ]
    }
    autoMitigate: true
    actions: [
      for group in told: {
        actionGroupId: group
      }
    ]
  }
}
